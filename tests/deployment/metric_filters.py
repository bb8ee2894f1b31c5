"""What a metric filter of CloudWatch counts, as far as the filters of serverless.yml go: moto evaluates no pattern."""

import json
import re
from fnmatch import fnmatchcase

from tools.serverless_yml import serverless

TERM = r'\(?\$\.(\w+) = "([^"]+)"\)?'
PATTERN = re.compile(rf"\{{ {TERM}( && {TERM})* \}}")


def counts(name: str, line: str) -> bool:
    """Whether the metric filter of that name matches a line: every field that it names is such a text.

    A `*` stands for any text; null, and a field that is missing, are none.
    """
    pattern = serverless()["resources"]["Resources"][name]["Properties"]["FilterPattern"]
    assert PATTERN.fullmatch(pattern)
    fields = json.loads(line)
    texts = {field: fields.get(field) for field, _ in re.findall(TERM, pattern)}
    return all(
        isinstance(texts[field], str) and fnmatchcase(texts[field], text) for field, text in re.findall(TERM, pattern)
    )
