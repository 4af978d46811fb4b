"""The batched PyTorch ways: the fastest of several forms, with and without shared prefixes."""

import math
import time
from collections.abc import Sequence

import numpy as np
import torch

from benchmarks.task import Task
from benchmarks.torch_program import Form, Stage, Tensors, build
from benchmarks.worker import Way
from rnnjax.landscape import parse_architecture
from rnnjax.members import num_cores
from rnnjax.parameters import Params, shapes
from rnnjax.prefixes import make_plan
from rnnjax.words import NUM_WORDS

# What is tried, the likeliest first.
_FORMS = (
    Form("all", "exp", 64),
    Form("all", "exp", 128),
    Form("all", "exp", 32),
    Form("all", "torch", 64),
    Form("word", "exp", 64),
    Form("all", "exp", 256),
    Form("word", "exp", 256),
    Form("all", "exp", 1024),
)
_FORMS_WITH_PREFIXES = tuple(Form("all", "exp", size) for size in (64, 128, 32, 256))


class TorchBatched(Way):
    """Every sentence is read from its first word on."""

    def __init__(self, task: Task, search_seconds: float) -> None:
        sentences = task.split.words
        alone = Stage(np.zeros(len(sentences), np.int64), sentences.T)
        self._prepare(task, _FORMS, [alone], search_seconds)

    def score(self) -> int:
        self._count(self._draw(self._size)).numpy()
        return self._size

    def counts(self, params: Params) -> np.ndarray:
        leaves = (params.w_ih, params.w_hh, params.b_ih, params.b_hh, params.w_oh, params.b_oh)
        number, found = leaves[0].shape[-1], []
        for start in range(0, number, self._size):
            indices = np.arange(start, start + self._size) % number
            found.append(self._count(Tensors(*(torch.from_numpy(leaf[..., indices]) for leaf in leaves))).numpy())
        return np.concatenate(found)[:number]

    def _prepare(self, task: Task, forms: Sequence[Form], stages: Sequence[Stage], seconds: float) -> None:
        """Find the fastest form, trying none after so many seconds; the first is always tried."""
        torch.set_num_threads(num_cores())
        torch._inductor.config.assert_indirect_indexing = False
        self._leaf_shapes = _leaf_shapes(task)
        torch.compile(lambda x: x + 1)(torch.zeros(64))  # what is compiled but once a process
        started, tried = time.perf_counter(), dict[Form, dict[str, float]]()
        for form in forms:
            if not tried or time.perf_counter() - started < seconds:
                tried[form] = {"compile_seconds": self._use(task, form, stages), "rate": self.quick_rate()}
        best = max(tried, key=lambda form: tried[form]["rate"])
        self._use(task, best, stages)  # from inductor's cache
        compile_seconds = tried[best]["compile_seconds"]
        named = {str(form): tried[form] for form in tried}
        self.facts = {"form": str(best), "compile_seconds": compile_seconds, "tried": named}

    def _use(self, task: Task, form: Form, stages: Sequence[Stage]) -> float:
        """Compile a form; the seconds that its first call took."""
        torch._dynamo.reset()
        self._size = form.size
        self._count = torch.inference_mode()(build(task, form, stages))
        started = time.perf_counter()
        self.score()
        return time.perf_counter() - started

    @torch.inference_mode()
    def _draw(self, size: int) -> Tensors:
        """U(±1/√H)."""
        numbers = [math.prod(shape) for shape in self._leaf_shapes]
        bound = 1 / math.sqrt(self._leaf_shapes.w_hh[1])
        flat = torch.rand(sum(numbers), size) * (2 * bound) - bound
        leaves = zip(flat.split(numbers), self._leaf_shapes, strict=True)
        return Tensors(*(leaf.reshape(*shape, size) for leaf, shape in leaves))


class TorchPrefixes(TorchBatched):
    """The same program on rnnjax's plan: the states of prefixes that sentences share are computed once."""

    def __init__(self, task: Task, search_seconds: float) -> None:
        plan, stages = make_plan(task.split.words), []
        for words in plan.tree:
            before = words.shape[1] // NUM_WORDS
            stages.append(Stage(np.arange(words.shape[1]) % before, words[:-1]))
        stages.append(Stage(plan.parents, np.concatenate([plan.first[None], plan.rest[:-1]])))
        self._prepare(task, _FORMS_WITH_PREFIXES, stages, search_seconds)


def _leaf_shapes(task: Task) -> Tensors:
    cell, input_dim, hidden_dim = parse_architecture(task.name)
    sizes = shapes(len(cell.gates), input_dim, hidden_dim)
    return Tensors(sizes.w_ih, sizes.w_hh, sizes.b_ih, sizes.b_hh, sizes.w_oh, sizes.b_oh)
