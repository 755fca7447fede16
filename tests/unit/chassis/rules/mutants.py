"""Each handler rule taken out of the code, one at a time: some test of this folder must notice."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """A rule, and the edit that removes it."""

    rule: str
    module: str
    before: str
    after: str


MUTANTS = (
    Mutant(
        "a terminal or later entry proves that nothing is left to do",
        "handler",
        "if hold.last is None or self.step.beyond(hold.job):",
        "if hold.last is None or hold.job.terminal:",
    ),
    Mutant(
        "an output fact that is there is announced, not worked for again",
        "handler",
        "if self.step.done(hold.job.facts):\n            await self.announce(hold)\n            return True",
        "if self.step.done(hold.job.facts) and self.step.announces is None:\n            return True",
    ),
    Mutant(
        "ack only after the next event is stored",
        "handler",
        "        event = self.step.announces\n        if event is not None:",
        "        await hold.delivery.ack()\n        event = self.step.announces\n        if event is not None:",
    ),
    Mutant(
        "the next event has a deterministic id",
        "handler",
        'return f"{job.job_id}:{noun}.{participle}"',
        'return f"{job.job_id}:{noun}.{participle}:{job.index}"',
    ),
    Mutant(
        "a lost race is judged again before taking the stage",
        "handler",
        "            if await self._may_take(hold) and await hold.take():\n",
        "            await hold.take()\n            if await self._may_take(hold):\n",
    ),
    Mutant(
        "taking a stage raises the attempt",
        "hold",
        "attempt = self.job.facts.attempt + 1",
        "attempt = max(self.job.facts.attempt, 1)",
    ),
    Mutant(
        "a stage is entered by the current attempt only",
        "hold",
        '        if self.fenced:\n            raise FencedError("a later attempt holds the stage")',
        "        return",
    ),
    Mutant(
        "facts are never fenced",
        "hold",
        "        for _ in self._until_written():\n            self._wanted()\n            if await self.append(self.job.follow(public=public",
        "        for _ in self._until_written():\n            self._current()\n            if await self.append(self.job.follow(public=public",
    ),
    Mutant(
        "message ids are fresh in every run",
        "hold",
        "self._run = uuid4()",
        'self._run = "run"',
    ),
    Mutant(
        "an append expects the entry that was judged",
        "hold",
        "            await self.read(entry.job_id, leader=True)\n            return False",
        "            await self.read(entry.job_id, leader=True)\n            self.last = await self._journal.append(self.job.follow(), judged=self.last, message_id=message_id + 'x')\n            return True",
    ),
    Mutant(
        "a fenced handler neither acks nor naks the newer worker's message",
        "failure",
        "if hold.job.facts.trigger != hold.delivery.sequence:",
        "if True:",
    ),
    Mutant(
        "a fenced handler acks its own copy",
        "failure",
        "if hold.job.facts.trigger != hold.delivery.sequence:",
        "if False:",
    ),
    Mutant(
        "a fenced handler decides nothing",
        "failure",
        "            if hold.fenced:\n                await self._stand_aside(hold)\n                return\n",
        "",
    ),
    Mutant(
        "after a failure the journal is read again",
        "failure",
        "        await hold.read(job_id, leader=True)\n        while not await handler.settled(hold):",
        "        while True:",
    ),
    Mutant(
        "the dead letter is stored before the job fails",
        "failure",
        "        await self._dead_letters.keep(hold.delivery, error, job=hold.job)\n        if not await hold.append(hold.job.fail(*sentence_of(error))):\n            return False\n",
        "        if not await hold.append(hold.job.fail(*sentence_of(error))):\n            return False\n        await self._dead_letters.keep(hold.delivery, error, job=hold.job)\n",
    ),
    Mutant(
        "waiting uses no try",
        "failure",
        "return await self._again(handler, hold, error, used=0)",
        "return await self._again(handler, hold, error, used=1)",
    ),
    Mutant(
        "tries end",
        "failure",
        "hold.job.facts.tries < retries.more",
        "retries.more",
    ),
    Mutant(
        "submitting stands in the journal before the POST",
        "hold",
        "        await self._fenced_facts(submitting=Submitting(deadline=deadline))\n",
        "",
    ),
    Mutant(
        "submitting needs the current attempt",
        "hold",
        "            self._current()\n            if await self.append(self.job.follow(work=work)):",
        "            self._wanted()\n            if await self.append(self.job.follow(work=work)):",
    ),
    Mutant(
        "a POST that would outlast its deadline is not sent",
        "hold",
        "if (deadline - self.now()).total_seconds() < timeout + SUBMIT_MARGIN_SECONDS:",
        "if False:",
    ),
    Mutant(
        "a submission under way is waited for",
        "handler",
        "if hold.job.facts.submitting is not None:\n            return await self._decide_submission(hold)",
        "if False:\n            return await self._decide_submission(hold)",
    ),
    Mutant(
        "nobody decides about a submission before its deadline",
        "handler",
        "while (left := (overdue - self.now()).total_seconds()) > 0:",
        "while (left := 0) > 0:",
    ),
    Mutant(
        "an error while submitting is judged after the deadline",
        "failure",
        "if hold.job.facts.submitting is not None and not isinstance(error, PermanentError):",
        "if False:",
    ),
    Mutant(
        "repeats are bounded",
        "handler",
        "if uncertain < self.step.repeats:",
        "if True:",
    ),
    Mutant(
        "a stored result is looked for before giving up",
        "handler",
        "if self.step.recover and (found",
        "if False and (found",
    ),
    Mutant(
        "a miss before the fact that an event tells waits",
        "handler",
        "if not self.step.needs(hold.job.facts):",
        "if False:",
    ),
)
