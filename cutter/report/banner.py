"""The line that says where all this is happening."""

from __future__ import annotations

from cutter.report.style import paint


def banner(environment: str, *, sandbox: bool, production: bool, colour: bool = False) -> str:
    """Return the first line of every report: SANDBOX, PRODUCTION or nothing special, and the environment."""
    if sandbox:
        return (
            paint("SANDBOX", "alarm", colour=colour)
            + f"  environment {environment}; nothing here counts elsewhere"
        )
    if production:
        return paint("PRODUCTION", "alarm", colour=colour) + f"  environment {environment}"
    return f"environment {environment}"
