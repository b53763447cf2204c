"""Approvals: who may sign, what they sign, and whether their signatures count."""
