"""What newcomers call what we have: a word of another library is answered by ours."""

from __future__ import annotations

from collections.abc import Callable, Container

_NAMES = {
    "system_prompt": "instructions",
    "system": "instructions",
    "system_message": "instructions",
    "output_type": "result",
    "result_type": "result",
    "response_format": "result",
    "response_model": "result",
    "output": "result",
    "data": "result",
    "model": "llm",
    "deps_type": "deps",
    "output_retries": "retries",
    "max_retries": "retries",
    "usage_limits": "limits",
    "max_steps": "limits",
    "max_turns": "limits",
    "recursion_limit": "limits",
    "max_completion_tokens": "max_tokens",
    "max_new_tokens": "max_tokens",
    "message_history": "messages",
    "description": "about",
    "input": "prompt",
    "query": "prompt",
    "question": "prompt",
    "user_prompt": "prompt",
    "text": "response",
    "content": "response",
    "unet": "backbone",
    "transformer": "backbone",
    "vae": "decode",
    "text_encoder": "conditioner",
    "scheduler": "solver",
    "num_inference_steps": "steps",
    "cfg_scale": "guidance_scale",
    "generator": "seed",
    "num_images_per_prompt": "count",
    "api_key": "key",
    "torch_dtype": "dtype",
}
"""A word of another library → ours, wherever ours is known."""
_FORMS = {
    **dict.fromkeys(("output", "data"), "here it is 'result' by its type, 'response' in words"),
    "max_steps": "write limits={'steps': …}",
    "max_turns": "write limits={'steps': …}",
    "recursion_limit": "write limits={'steps': …}",
    "vae": "here it is two parts of one weight: 'encode' and 'decode'",
    "generator": "here it is a number: seed=…",
    "api_key": "a secret stays in the environment: key='NAME_OF_ITS_VARIABLE'",
}
"""How those are written that are not only called otherwise."""
_BESIDE = {
    "tap": "tap is of stream(…), which tells what it names",
    "callback_on_step_end": "what a step gives is told by stream(…, tap=['solver.next_latent'])",
    "callbacks": "what happens is told by stream(…)",
}
"""Arguments that nothing here is given, and what gives the same."""
_DTYPE = "where a part computes is a setting: graph['backbone'].device = 'cuda'; its dtype too"
_RUN = "run it by run(name=value, …), or await arun(…)"
_MAP = "a run for each value of a list is map(name=[…])"
_MERGED = "merge it there (fuse_lora, unload_lora_weights, save_pretrained(folder)), then from_diffusers(folder)"
_ACTS = {
    **dict.fromkeys(("to", "cuda", "cpu", "half", "float", "bfloat16"), _DTYPE),
    **dict.fromkeys(("invoke", "ainvoke", "run_sync", "kickoff", "predict", "generate", "execute"), _RUN),
    **dict.fromkeys(("batch", "abatch"), _MAP),
    **dict.fromkeys(("load_lora_weights", "load_adapter", "fuse_lora"), _MERGED),
    "add_node": "a node is add(block, 'name')",
    "add_edge": "an edge is connect('a.out', 'b.in'); where kinds and roles say it, none is needed",
    "add_conditional_edges": "a branch is a node: ygg.choose(…)",
    "set_entry_point": "what begins is connected to the graph's own input: connect('self.text', 'first.text')",
    "compile": "nothing is compiled by hand: call run(…)",
    "run_stream": "events come from stream(…), and from astream(…)",
    "iter": "steps(…) goes step by step",
    "tool": "tools are given: ygg.Agent(model, tools=[function]), or agent.tools = [*agent.tools.values(), function]",
    "save_pretrained": "write it by ygg.save(block, folder)",
    "from_pretrained": "load by ygg.load(folder), take diffusers' folders apart by ygg.from_diffusers(folder)",
    "state_dict": "its parts have weights: graph['backbone'].module.state_dict(); ygg.save(graph, folder) writes all",
    "enable_model_cpu_offload": "there is none: graph['conditioner'].device = 'cpu' keeps a part outside the card",
    "parameters": "what learns is given by ygg.unfreeze(block)",
    "train": "what learns is given by ygg.unfreeze(block); a pass that keeps gradients is `with ygg.learning():`",
}
"""A method of another library → how the same is done here."""


def ours(name: str, known: Container[str]) -> str:
    """The mend for a word of another library, where ours is among those known; '' for any other."""
    own = _NAMES.get(name, "")
    return _FORMS.get(name, f"here it is called {own!r}") if own in known else _BESIDE.get(name, "")


def done_here(name: str, parts: Container[str] = (), has: Callable[[str], object] = lambda _: False) -> str:
    """How that is done which elsewhere an attribute of this name does; '' for one that nobody knows.

    `parts` are reached by their names; `has` says whether there is an attribute that is called as ours is.
    """
    own = _NAMES.get(name, "")
    if own and (has(own) or (own in parts and name in _FORMS)):
        return ours(name, (own,))
    part = next((part for part in (name, own) if part in parts), "")
    return f"it is a part: graph[{part!r}]" if part else _ACTS.get(name, "")
