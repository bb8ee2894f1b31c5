"""A stand-in for xkcd.com and imgs.xkcd.com on 127.0.0.1: 2 664 real records, a latency, and faults by option.

    python -m tools.stand_in --latency 0.1 --port 8001 --fault 503:614 --fault drip:615

prints its address once it answers, and stops at Ctrl-C. The records are those of PyPI's `xkcd-comicdb` (1 to 2665
without 404; it has no `extra_parts`), and the images are drawings. Beside xkcd's own paths, /stand-in reports the
requests so far.
"""

from tools.stand_in.environ import xkcd_environ
from tools.stand_in.records import records
from tools.stand_in.server import StandIn

__all__ = ["StandIn", "records", "xkcd_environ"]
