"""Models that look: a picture in, words and data of what it shows out."""
