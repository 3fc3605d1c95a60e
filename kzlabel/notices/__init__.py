"""What a person sees or hears: notices put into pictures, documents, recordings and texts.

A notice is the other half of article 21(2): the signed label is for machines, and this is for people. `apply`
writes a copy of a file with a notice in it, before the file is signed; `check` tells whether one is still there.
"""

from kzlabel.notices.applying import MEDIA_TYPES, Presence, apply, check
from kzlabel.notices.errors import NoticeError
from kzlabel.notices.wanted import Applied, Wanted

__all__ = ["MEDIA_TYPES", "Applied", "NoticeError", "Presence", "Wanted", "apply", "check"]
