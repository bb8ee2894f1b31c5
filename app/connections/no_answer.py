"""Pure: why a request got no whole answer.

NoAnswer
├── Lost        the connection was closed or reset before the end of the answer
├── NotHttp     the bytes received are not HTTP
└── TooLarge    the answer has more bytes than are read
"""


class NoAnswer(Exception):
    """The root."""


class Lost(NoAnswer):
    """The connection was closed or reset before the end of the answer."""


class NotHttp(NoAnswer):
    """The bytes received are not HTTP."""


class TooLarge(NoAnswer):
    """The answer has more bytes than are read."""
