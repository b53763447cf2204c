"""Types that act on a database or on evidence, one file each; they stay on the controller."""
