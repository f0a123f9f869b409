"""Recognises, in what an endpoint says, that the prompt does not fit into the model's context.

There is no common code for it, and it comes as 400, 413, 422, 429, 500 or inside a 200. Each pattern names where its
wording was read; a new endpoint is a new line. Wordings of rate limits must not match: "too many tokens, please wait"
(Bedrock) is answered by waiting, not by shrinking.
"""

from __future__ import annotations

import re

__all__ = ["says_context_too_long", "stated_context_tokens"]

_WORDINGS = (
    # OpenAI's code, used by Azure and Groq as well: dyad-sh/dyad#1672, OpenHands/OpenHands#1902
    r"context_length_exceeded",
    # OpenAI, vLLM and DeepSeek "This model's maximum context length is N tokens": vllm-project/vllm#20409,
    # evalstate/fast-agent#621; OpenRouter "This endpoint's ...": refly-ai/refly#1177; SGLang "Requested token count
    # exceeds the model's maximum context length of N tokens": anomalyco/opencode#25230; Mistral "Prompt contains N
    # tokens, too large for model with M maximum context length"
    r"maximum context length",
    # OpenAI "Your input exceeds the context window of this model": openai/codex#4116; Ollama "the input length exceeds
    # the context length": nano-step/nano-brain#208, "prompt too long; exceeded max context length by N tokens";
    # llama.cpp "the request exceeds the available context size": ggml-org/llama.cpp#17284; llama-cpp-python "Requested
    # tokens (N) exceed context window of M": fedora-copr/logdetective#100; Anthropic "input length and `max_tokens`
    # exceed context limit"
    r"exceed(?:s|ed)? (?:the |max |available |model(?:'s)? )*context (?:length|size|window|limit)",
    # llama.cpp's error type: ggml-org/llama.cpp#15780
    r"exceed_context_size_error",
    # OpenAI "Input tokens exceed the configured limit of N tokens": archi-physics/archi#497
    r"input tokens exceed the configured limit",
    # SGLang "The input (N tokens) is longer than the model's context length (M tokens)": QwenLM/Qwen3#1321; vLLM "The
    # decoder prompt (length N) is longer than the maximum model length of M": Gabesarch/grounded-rl#16
    r"longer than the (?:model's context|maximum model) length",
    # SGLang "Input length (N tokens) exceeds the maximum allowed length (M tokens)": sgl-project/sglang#4048
    r"input length \([\d,]+ tokens\) exceeds the maximum allowed length",
    # vLLM "The prompt (total length N) is too long to fit into the model": vllm-project/vllm#12165
    r"too long to fit into the model",
    # Anthropic, and what speaks like it, "prompt is too long: N tokens > M maximum": entropy-research/Devon#88
    r"prompt is too long",
    # Gemini "The input token count (N) exceeds the maximum number of tokens allowed (M)": google-gemini/gemini-cli#6678
    r"input token count.{0,40} exceeds the maximum number of tokens",
    # xAI "This model's maximum prompt length is N but the request contains M tokens": cline/cline#3120
    r"maximum prompt length is [\d,]+",
    # Groq "Please reduce the length of the messages or completion": letta-ai/letta#1963
    r"reduce the length of the messages",
    # LM Studio "Trying to keep the first N tokens when context the overflows": lmstudio-ai/lmstudio-bug-tracker#237,
    # "Cannot truncate prompt with n_keep (N) >= n_ctx (M)": anomalyco/opencode#11141, "The number of tokens to keep
    # from the initial prompt is greater than the context length": tinyhumansai/openhuman#3550, "Context size has been
    # exceeded": lmstudio-ai/lmstudio-bug-tracker#2339
    r"when context the overflows|n_keep.{0,20}>= n_ctx|greater than the context length|context size has been exceeded",
    # Text Generation Inference "`inputs` tokens + `max_new_tokens` must be <= N": huggingface/chat-ui#340, "`inputs`
    # must have less than N tokens": huggingface/text-generation-inference#937
    r"`inputs` tokens \+ `max_new_tokens` must be|`inputs` must have less than [\d,]+ tokens",
    # OpenAI and Groq, a single request above the limit per minute, which waiting cannot help: "Request too large for
    # MODEL ... on tokens per min (TPM): Limit N, Requested M": vanna-ai/vanna-flask#11
    r"request too large for .{0,200}tokens per min",
)

_TOO_LONG = re.compile("|".join(_WORDINGS), re.IGNORECASE | re.DOTALL)

_STATED = re.compile(
    r"context (?:length|window|size) (?:is|of)(?: only)? ([\d,]+)|model with ([\d,]+) maximum context length"
    r"|context length \(([\d,]+)",
    re.IGNORECASE,
)


def says_context_too_long(words: str) -> bool:
    """Whether an endpoint's words mean that the prompt does not fit."""
    return _TOO_LONG.search(words) is not None


def stated_context_tokens(words: str) -> int | None:
    """The size of the whole context, in tokens, if the words state it."""
    match = _STATED.search(words)
    digits = next(filter(None, match.groups()), "").replace(",", "") if match else ""
    return int(digits) if digits.isdigit() else None
