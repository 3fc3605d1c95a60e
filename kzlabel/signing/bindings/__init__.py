"""Hard bindings, written: one module a kind (C2PA 2.4 section 9.2)."""
