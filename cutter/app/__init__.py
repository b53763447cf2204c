"""The use cases. The only room that knows every other, and hands each what it must not import."""
