"""The tale: code that leads a weak model through telling a world by small questions."""
