"""The reference engine, c2pa-python, made safe to call: settings, contexts and bounded streams.

Nothing else in the package imports `c2pa`; it is imported when the first call needs it.
"""
