"""Chat templates in the shapes of published ones, worded here, and tokenizers to speak by them."""

import published_toys

from flanlike.batches import chat, tokenizer

MARKS = ("<|turn|>", "<|stop|>", "<user>", "[ASK]", "[/ASK]", "<<sys>>")
_TURN = (
    "{{ '<|turn|>' + message['role'] + '\n' + message['content'] + '<|stop|>' + '\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|turn|>assistant\n' }}{% endif %}"
)
CHATML = "{% for message in messages %}" + _TURN

# What each is the shape of; the words are ours.
TEMPLATES = {
    "chatml": CHATML,
    "chatml with a system turn of its own (Qwen 2, SmolLM 2)": (
        "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
        "{{ '<|turn|>system\nAnswer well.<|stop|>\n' }}{% endif %}" + _TURN
    ),
    "with tools, blocks on their own lines and a namespace (Qwen 3)": """\
{%- set ns = namespace(last=messages|length - 1, said=false) %}
{%- if tools %}
    {{- '<|turn|>system\\n' + tools|tojson + '<|stop|>\\n' }}
{%- elif messages[0].role == 'system' %}
    {{- '<|turn|>system\\n' + messages[0].content + '<|stop|>\\n' }}
{%- endif %}
{%- for message in messages[::-1] %}
    {%- if message.role == 'user' and not ns.said %}
        {%- set ns.said = true %}
        {%- set ns.last = (messages|length - 1) - loop.index0 %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}{% set content = message.content %}{% endif %}
    {%- if (message.role == 'user') or (message.role == 'system' and not loop.first) %}
        {{- '<|turn|>' + message.role + '\\n' + content + '<|stop|>' + '\\n' }}
    {%- elif message.role == 'assistant' %}
        {%- if '</so>' in content %}
            {%- set content = content.split('</so>')[-1].lstrip('\\n') %}
        {%- endif %}
        {{- '<|turn|>' + message.role + '\\n' + content.strip('\\n') + '<|stop|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|turn|>assistant\\n' }}
{%- endif %}
""",
    "turns between brackets, the system's in the user's (Llama 2)": (
        "{% if messages[0]['role'] == 'system' %}{% set rest = messages[1:] %}"
        "{% set said = messages[0]['content'] %}{% else %}{% set rest = messages %}"
        "{% set said = false %}{% endif %}{% for message in rest %}"
        "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
        "{{ raise_exception('by turns, please') }}{% endif %}"
        "{% if loop.index0 == 0 and said != false %}{% set content = '<<sys>>\n' + said + "
        "'\n<<sys>>\n\n' + message['content'] %}{% else %}"
        "{% set content = message['content'] %}{% endif %}"
        "{% if message['role'] == 'user' %}{{ bos_token + '[ASK] ' + content.strip() + ' [/ASK]' }}"
        "{% elif message['role'] == 'assistant' %}{{ ' ' + content.strip() + ' ' + eos_token }}"
        "{% endif %}{% endfor %}"
    ),
    "headers and a day (Llama 3)": (
        "{% set loop_messages = messages %}{% for message in loop_messages %}"
        "{% set content = '<user>' + message['role'] + '<user>\n\n' + message['content'] | trim + "
        "'<|stop|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}"
        "{{ content }}{% endfor %}{% if strftime_now is not defined %}{{ 'no day' }}{% endif %}"
        "{% if add_generation_prompt %}{{ '<user>assistant<user>\n\n' }}{% endif %}"
    ),
    "no system turn, and the assistant by another name (Gemma)": (
        "{{ bos_token }}{% if messages[0]['role'] == 'system' %}"
        "{{ raise_exception('no system turn') }}{% endif %}{% for message in messages %}"
        "{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}"
        "{% set role = message['role'] %}{% endif %}{{ '<|turn|>' + role + '\n' + "
        "message['content'] | trim + '<|stop|>\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{'<|turn|>model\n'}}{% endif %}"
    ),
    "an end only after answers (Mistral)": (
        "{{ bos_token }}{% for message in messages %}{% if message['role'] == 'user' %}"
        "{{ '[ASK] ' + message['content'] + ' [/ASK]' }}{% elif message['role'] == 'assistant' %}"
        "{{ message['content'] + eos_token}}{% endif %}{% endfor %}"
    ),
    "a role as a mark, with lines kept (Zephyr)": (
        "{% for message in messages %}\n{% if message['role'] == 'user' %}\n{{ '<user>\n' + "
        "message['content'] + eos_token }}\n{% elif message['role'] == 'system' %}\n"
        "{{ '<<sys>>\n' + message['content'] + eos_token }}\n"
        "{% elif message['role'] == 'assistant' %}\n{{ '<|turn|>\n' + message['content'] + "
        "eos_token }}\n{% endif %}\n{% if loop.last and add_generation_prompt %}\n"
        "{{ '<|turn|>' }}\n{% endif %}\n{% endfor %}"
    ),
    "an end of all where nothing is asked (Phi 3)": (
        "{% for message in messages %}{% if message['role'] == 'system' and message['content'] %}"
        "{{'<<sys>>\n' + message['content'] + '<|stop|>\n'}}{% elif message['role'] == 'user' %}"
        "{{'<user>\n' + message['content'] + '<|stop|>\n'}}"
        "{% elif message['role'] == 'assistant' %}"
        "{{'<|turn|>\n' + message['content'] + '<|stop|>\n'}}{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|turn|>\n' }}{% else %}{{ eos_token }}{% endif %}"
    ),
    "what the assistant says as a block, in a macro (SmolLM 3)": """\
{%- macro turn(role, said) -%}
{{ '<|turn|>' ~ role ~ '\\n' ~ said ~ '<|stop|>\\n' }}
{%- endmacro -%}
{%- for message in messages -%}
    {%- if message.role == 'tool' %}{% continue %}{% endif -%}
    {%- if message.role == 'assistant' -%}
        {{ '<|turn|>assistant\\n' }}{% generation %}{{ message.content + '<|stop|>\\n' }}\
{% endgeneration %}
    {%- else -%}
        {{ turn(message.role, message.content) }}
    {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|turn|>assistant\\n' }}{%- endif -%}
""",
    "words alone (Vicuna)": (
        "{% for message in messages %}{% if message.role == 'system' %}{{ message.content }}"
        "{% elif message.role == 'user' %}{{ ' USER: ' ~ message.content | trim }}{% else %}"
        "{{ ' BOT: ' ~ message.content | trim ~ eos_token }}{% endif %}{% endfor %}"
        "{% if add_generation_prompt %}{{ ' BOT:' }}{% endif %}"
    ),
}


def files(kind: str, template: str) -> dict[str, bytes]:
    """Returns the files of a small tokenizer that knows MARKS, with a chat template."""
    import tokenizers

    found = getattr(published_toys, kind)(chat_template=template)
    made = tokenizers.Tokenizer.from_str(found["tokenizer.json"].decode())
    made.add_special_tokens([*MARKS])
    found["tokenizer.json"] = made.to_str().encode()
    found["chat_template.jinja"] = template.encode()
    return found


def words(template: str = CHATML, kind: str = "byte_level") -> chat.Chat:
    return chat.Chat(tokenizer.PublishedTokenizer(files(kind, template), "somewhere"))
