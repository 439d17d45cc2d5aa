"""What `/metrics` counts in this process; the depth of the queues is read from the database when it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

REGISTRY = CollectorRegistry()

EVENTS = Counter(
    "ungxu_events_total", "Events taken, by channel and outcome", ["channel", "outcome"], registry=REGISTRY
)
QUESTIONS = Counter("ungxu_questions_total", "Questions, by what became of them", ["outcome"], registry=REGISTRY)
DELIVERIES = Counter(
    "ungxu_deliveries_total", "Messages by how they ended", ["channel", "class", "outcome"], registry=REGISTRY
)
REPEATS = Counter(
    "ungxu_repeats_total", "Messages sent again although they may have arrived", ["channel", "class"], registry=REGISTRY
)
REFUSALS = Counter("ungxu_rate_refusals_total", "Requests refused as too many", ["channel"], registry=REGISTRY)
FILES = Counter("ungxu_files_total", "Files that people sent, by how fetching ended", ["outcome"], registry=REGISTRY)
ANSWER_SECONDS = Histogram(
    "ungxu_answer_seconds",
    "From taking an event to the end of its answer's sending",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
    registry=REGISTRY,
)
UP = Gauge("ungxu_account_up", "1 while an account can be used", ["channel", "account"], registry=REGISTRY)


@cache
def _child(counter: Counter, labels: tuple[str, ...]) -> Counter:
    return counter.labels(*labels)


def count(counter: Counter, *labels: str, times: int = 1) -> None:
    """Add to a counter with these labels; looking them up takes longer than counting."""
    _child(counter, labels).inc(times)


CLASS_NAMES = {1: "answer", 2: "report", 3: "broadcast"}

Depth = tuple[str, int, str, int, float]
"""Channel, class, state, number of messages, age of the oldest in seconds."""


@dataclass(frozen=True, slots=True)
class PlanUse:
    """What an account has used of its plan this month, and people it talks to."""

    channel: str
    account: str
    sent: int
    received: int
    monthly: int
    people: int


class _Plans(Collector):
    def __init__(self, plans: Sequence[PlanUse]) -> None:
        self._plans = plans

    def collect(self) -> Iterable[Metric]:
        labels = ["channel", "account"]
        used = GaugeMetricFamily(
            "ungxu_plan_messages", "Messages of this month, by direction", labels=[*labels, "direction"]
        )
        most = GaugeMetricFamily("ungxu_plan_limit", "Messages a month in the plan", labels=labels)
        people = GaugeMetricFamily("ungxu_plan_people", "People the account talks to", labels=labels)
        for plan in self._plans:
            account = [plan.channel, plan.account]
            used.add_metric([*account, "sent"], plan.sent)
            used.add_metric([*account, "received"], plan.received)
            most.add_metric(account, plan.monthly)
            people.add_metric(account, plan.people)
        yield from (used, most, people)


class _Queues(Collector):
    def __init__(self, depths: Sequence[Depth]) -> None:
        self._depths = depths

    def collect(self) -> Iterable[Metric]:
        depth = GaugeMetricFamily(
            "ungxu_queue_messages", "Messages that are not at their end", labels=["channel", "class", "state"]
        )
        oldest = GaugeMetricFamily(
            "ungxu_queue_oldest_seconds",
            "Age of the oldest message that is not at its end",
            labels=["channel", "class"],
        )
        ages: dict[tuple[str, int], float] = {}
        for channel, urgency, state, count, age in self._depths:
            depth.add_metric([channel, CLASS_NAMES[urgency], state], count)
            ages[channel, urgency] = max(ages.get((channel, urgency), 0.0), age)
        for (channel, urgency), age in ages.items():
            oldest.add_metric([channel, CLASS_NAMES[urgency]], age)
        yield from (depth, oldest)


def exposition(depths: Sequence[Depth], plans: Sequence[PlanUse] = ()) -> bytes:
    """Return all metrics in Prometheus' text format."""
    queues = CollectorRegistry()
    queues.register(_Queues(depths))
    queues.register(_Plans(plans))
    return generate_latest(REGISTRY) + generate_latest(queues)
