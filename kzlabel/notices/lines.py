"""What plain text, Markdown and HTML share: their encoding, and how their lines end."""

from typing import Final, NamedTuple

from kzlabel.errors import LimitError, MalformedError
from kzlabel.files import Reader
from kzlabel.limits import DEFAULT_LIMITS
from kzlabel.notices.errors import NoticeError

__all__ = ["Text", "read"]

_MARKS: Final = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))


class Text(NamedTuple):
    """A text, decoded."""

    mark: bytes
    """The byte order mark, which stays."""

    encoding: str
    content: str

    @property
    def newline(self) -> str:
        """How its lines end: as the first one does."""
        at = self.content.find("\n")
        if at < 0:
            return "\r" if "\r" in self.content else "\n"
        return "\r\n" if self.content[at - 1 : at] == "\r" else "\n"

    def written(self, content: str) -> bytes:
        """Return another content in the same encoding."""
        return self.mark + content.encode(self.encoding, "surrogatepass")


def read(file: Reader, fallback: str = "") -> Text:
    """Return the text in `file`: in UTF-8, or in UTF-16 with a byte order mark.

    Args:
        file: The text.
        fallback: Encoding for text that is in neither, in which each byte is a character.

    Raises:
        LimitError: It is too long.
        MalformedError: It isn't in the encoding that its byte order mark says.
        NoticeError: It is in another encoding.
    """
    if file.size > DEFAULT_LIMITS.text:
        raise LimitError(f"a text of {file.size} bytes; at most {DEFAULT_LIMITS.text} are looked at")
    data = file.read(0, file.size)
    mark, encoding = next(((mark, name) for mark, name in _MARKS if data.startswith(mark)), (b"", "utf-8"))
    try:
        return Text(mark, encoding, data[len(mark) :].decode(encoding))
    except UnicodeDecodeError:
        if mark:
            raise MalformedError(f"the text isn't in {encoding}, as its byte order mark says") from None
        if fallback:
            return Text(b"", fallback, data.decode(fallback))
        raise NoticeError("the text isn't in UTF-8", "convert it, for example with iconv -t UTF-8") from None
