"""The workflow as a graph: what can be reached, and where it goes round by itself."""

from collections import deque
from collections.abc import Iterable, Iterator

from models.procedure import Transition, Workflow


def ways(workflow: Workflow) -> dict[str, list[Transition]]:
    """Return the transitions that leave each state and lead to one that exists."""
    return {
        state.key: [one for one in workflow.leaving(state.key) if one.to in workflow.by_state]
        for state in workflow.states
    }


def reached(workflow: Workflow, start: Iterable[str]) -> set[str]:
    """Return the states that records can get to from some states, those included."""
    leaving = ways(workflow)
    found = {key for key in start if key in leaving}
    waiting = deque(found)
    while waiting:
        for transition in leaving[waiting.popleft()]:
            if transition.to not in found:
                found.add(transition.to)
                waiting.append(transition.to)
    return found


def circles(workflow: Workflow) -> Iterator[tuple[Transition, ...]]:
    """Yield circles of transitions that rules take, the shortest from each state, each circle once."""
    leaving = {key: [one for one in found if one.by == "rule"] for key, found in ways(workflow).items()}
    seen: set[frozenset[str]] = set()
    for start in leaving:
        circle = _shortest(start, leaving)
        keys = frozenset(one.key for one in circle)
        if circle and keys not in seen:
            seen.add(keys)
            yield circle


def _shortest(start: str, leaving: dict[str, list[Transition]]) -> tuple[Transition, ...]:
    waiting: deque[tuple[str, tuple[Transition, ...]]] = deque([(start, ())])
    visited: set[str] = set()
    while waiting:
        at, path = waiting.popleft()
        for transition in leaving[at]:
            if transition.to == start:
                return (*path, transition)
            if transition.to not in visited:
                visited.add(transition.to)
                waiting.append((transition.to, (*path, transition)))
    return ()
