"""Types that act on a host. One file a type; this folder travels to the target."""
