"""Values to text: for a terminal, for Markdown, for programs. No decisions here."""
