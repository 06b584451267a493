"""The templates that come with the program, by language and kind; the one without a kind serves the rest."""

from typing import Final

_ZH: Final = """\
{% if person %}{{ person }}，您好：

{% endif %}{% if by %}{{ by }}：{% endif %}{{ text }}
{% if due %}
期限：{{ due }}
{% endif %}{% if late %}
（系统停机期间错过，现补发。）
{% endif %}"""
_EN: Final = """\
{% if person %}Dear {{ person }},

{% endif %}{% if by %}{{ by }}: {% endif %}{{ text }}
{% if due %}
Due: {{ due }}
{% endif %}{% if late %}
(This is late: the program was down when it was due.)
{% endif %}"""

SUBJECTS: Final[dict[str, dict[str, str]]] = {
    "zh": {
        "": "{% if level == 'urgent' %}【紧急】{% endif %}{{ title }}",
        "task": "{% if level == 'urgent' %}【紧急】{% endif %}待办：{{ title }}",
        "approval": "{% if level == 'urgent' %}【紧急】{% endif %}待审批：{{ title }}",
        "deadline": "{% if level == 'urgent' %}【紧急】{% endif %}期限提醒：{{ title }}",
        "mention": "{{ by }} 提到了您：{{ title }}",
    },
    "en": {
        "": "{% if level == 'urgent' %}[Urgent] {% endif %}{{ title }}",
        "task": "{% if level == 'urgent' %}[Urgent] {% endif %}To do: {{ title }}",
        "approval": "{% if level == 'urgent' %}[Urgent] {% endif %}To approve: {{ title }}",
        "deadline": "{% if level == 'urgent' %}[Urgent] {% endif %}Deadline: {{ title }}",
        "mention": "{{ by }} mentioned you: {{ title }}",
    },
}
BODIES: Final[dict[str, dict[str, str]]] = {
    "zh": {"": _ZH, "digest": "{{ person }}，您好：\n\n{{ text }}"},
    "en": {"": _EN, "digest": "Dear {{ person }},\n\n{{ text }}"},
}
