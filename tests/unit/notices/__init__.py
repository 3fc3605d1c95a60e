"""Notices: each kind of file with each notice, what is said is there, and the rest stays as it was."""
