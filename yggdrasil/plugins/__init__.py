"""The blocks that the house brings itself: found by entry points, as a stranger's are; nothing below knows them."""
