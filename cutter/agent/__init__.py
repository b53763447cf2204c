"""Runs steps where the target is: look, decide, move, look again. Travels to the target.

Nothing here knows a resource type by name, a ledger or a terminal. What only looks is apart from what moves:
most runs find nothing to do, and an agent loads what it is asked for.
"""
