"""Decisions: what to plan, what to apply, when to stop. Sees resources only through what it is handed."""
