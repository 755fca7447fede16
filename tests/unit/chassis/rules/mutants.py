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
        "if self.step.done(hold.job.facts) and hold.job.terminal:\n            return True",
    ),
    Mutant(
        "ack only after the next event is stored",
        "handler",
        "        event = announcement(job)\n        if event is not None:",
        "        await hold.delivery.ack()\n        event = announcement(job)\n        if event is not None:",
    ),
    Mutant(
        "the next event has a deterministic id",
        "announce",
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
        "return uuid4()",
        "return UUID(int=0)",
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
        "        for _ in range(8):",
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
        "        await self.note(submitting=Submitting(deadline=deadline))\n",
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
        "a POST that is over is waited for no longer",
        "hold",
        "submitting=Submitting(deadline=min(deadline, self.now()))",
        "submitting=Submitting(deadline=deadline)",
    ),
    Mutant(
        "what was certainly not accepted uses no try",
        "hold",
        "class NotSubmittedError(UnavailableError):",
        "class NotSubmittedError(TransientError):",
    ),
    Mutant(
        "collecting: what needs no look is acked or announced",
        "collect",
        "        if await self.handler.settled(hold):\n            return\n        if not self.handler.step.needs",
        "        if not self.handler.step.needs",
    ),
    Mutant(
        "collecting: without a handle the message waits",
        "collect",
        "            await hold.delivery.nak(NO_HANDLE_SECONDS)\n            return\n        try:",
        "            await hold.delivery.ack()\n            return\n        try:",
    ),
    Mutant(
        "collecting: a pending task keeps its message",
        "collect",
        "        if is_extra:\n            await hold.delivery.ack()\n        else:",
        "        if True:\n            await hold.delivery.ack()\n        else:",
    ),
    Mutant(
        "collecting: an extra copy goes while the task is pending",
        "collect",
        "        if is_extra:\n            await hold.delivery.ack()\n        else:",
        "        if False:\n            await hold.delivery.ack()\n        else:",
    ),
    Mutant(
        "collecting: the result is recorded before its event is announced",
        "collect",
        "        await hold.record(public=_found_again(hold.job) | found.public, **found.work)\n        await self.handler.announce(hold)\n",
        "        await self.handler.announce(hold)\n        await hold.record(public=_found_again(hold.job) | found.public, **found.work)\n",
    ),
    Mutant(
        "collecting: a task is missed twice before it is given up",
        "collect",
        "if seen_at is None:",
        "if False:",
    ),
    Mutant(
        "collecting: between two misses lies more than one run",
        "collect",
        "return pause - (now - seen_at).total_seconds()",
        "return 0.0",
    ),
    Mutant(
        "collecting: what is missed twice says itself what ends the job",
        "collect",
        "raise error.verdict",
        'raise ForgottenError("").verdict',
    ),
    Mutant(
        "collecting: an extra copy does not decide about a forgotten task",
        "collect",
        "        if is_extra:\n            await hold.delivery.ack()\n            return\n",
        "",
    ),
    Mutant(
        "collecting: the task of a job that ended is seen to its end",
        "collect",
        "        if _outlived(hold):\n            await self._see_the_end(hold, event)\n            return\n",
        "",
    ),
    Mutant(
        "collecting: a task that must be over is not asked for when its job has ended",
        "collect",
        "elif self._must_be_over(hold.job):",
        "elif False:",
    ),
    Mutant(
        "collecting: a task that may be under way is asked for though its job has ended",
        "collect",
        "elif self._must_be_over(hold.job):",
        "elif True:",
    ),
    Mutant(
        "collecting: a task is asked for at any age while its job goes on",
        "collect",
        "if not _outlived(hold):",
        "if False:",
    ),
    Mutant(
        "collecting: a task without a moment is as old as its job's ending at least",
        "collect",
        "or job.public.updated_at",
        "or self.handler.now()",
    ),
    Mutant(
        "collecting: a task that must be over gives its places back",
        "collect",
        "            await self.handler.acknowledge(hold, has_ended=True)\n        else:",
        "            await self.handler.acknowledge(hold)\n        else:",
    ),
    Mutant(
        "collecting: after an error a task that nobody waits for is left alone for longer",
        "collect",
        "await hold.delivery.nak(ENDED_AGAIN_SECONDS)",
        "await hold.delivery.nak(after_seconds)",
    ),
    Mutant(
        "what the provider did is written down after an outage of the bus",
        "hold",
        "await self.surely(lambda: record(answer))",
        "await record(answer)",
    ),
    Mutant(
        "a submission under way is not cut off",
        "hold",
        "await to_its_end(self._sent(post, record, deadline))",
        "await self._sent(post, record, deadline)",
    ),
    Mutant(
        "what came of a submission goes before the stop",
        "hold",
        "    task.result()\n",
        "",
    ),
    Mutant(
        "a task whose job ended meanwhile is seen to, whoever is stopped",
        "handler",
        "await to_its_end(hold.surely(publish))",
        "await hold.surely(publish)",
    ),
    Mutant(
        "a try to store has an end",
        "hold",
        "async with asyncio.timeout(KEEP_SECONDS):",
        "async with asyncio.timeout(None):",
    ),
    Mutant(
        "a result in hand outlives a lost race",
        "hold",
        "            with suppress(ObsoleteError):\n                until",
        "            if True:\n                until",
    ),
    Mutant(
        "others wait for longer than a try to store",
        "hold",
        "timedelta(seconds=IN_HAND_SECONDS / 2)",
        "timedelta(seconds=KEEP_SECONDS / 2)",
    ),
    Mutant(
        "collecting: a look that asked nobody takes nothing back",
        "collect",
        "        if pending.is_known:\n",
        "        if True:\n",
    ),
    Mutant(
        "collecting: an ended job's task that is never asked for must be over some time",
        "collect",
        "is_open = isinstance(found, Pending) and not self._must_be_over(hold.job)",
        "is_open = isinstance(found, Pending)",
    ),
    Mutant(
        "others wait for a result in hand",
        "hold",
        "                await self._let_others_wait()\n",
        "",
    ),
    Mutant(
        "a result in hand is kept until the store is back",
        "hold",
        "            except TransientError:\n                await asyncio.sleep",
        "            except UnavailableError:\n                await asyncio.sleep",
    ),
    Mutant(
        "a task whose job ended meanwhile is seen to",
        "handler",
        "            await self._see_to(error.task, hold)\n",
        "            await self.acknowledge(hold)\n",
    ),
    Mutant(
        "collecting: the task of an ended job may be known from its event alone",
        "collect",
        "        _learn_task(hold, event)\n",
        "",
    ),
    Mutant(
        "a refusal leaves no submission open",
        "hold",
        "except (NotSubmittedError, PermanentError):",
        "except NotSubmittedError:",
    ),
    Mutant(
        "collecting: a stored result is looked for before giving up",
        "collect",
        "if recover is not None and (found",
        "if False and (found",
    ),
    Mutant(
        "collecting: the note of a miss is taken back",
        "collect",
        "if moved or hold.job.facts.not_found_seen:",
        "if moved:",
    ),
    Mutant(
        "collecting: progress never steps back",
        "collect",
        "percent > hold.job.public.progress_percent",
        "percent != hold.job.public.progress_percent",
    ),
    Mutant(
        "collecting: the dead letter comes before the ending",
        "failure",
        "        await self._dead_letters.keep(hold.delivery, error, job=hold.job)\n        if await hold.append",
        "        if await hold.append",
    ),
    Mutant(
        "collecting: a failure is written against the entry that was judged",
        "failure",
        "        if await hold.append(hold.job.fail(error.code, error.sentence)):\n            await collector",
        "        await hold.read(hold.job.job_id, leader=True)\n        if await hold.append(hold.job.fail(error.code, error.sentence)):\n            await collector",
    ),
    Mutant(
        "what a job used is freed before the ack",
        "handler",
        "            await self.step.release(hold.job, has_ended=has_ended)\n        await hold.delivery.ack()",
        "            await hold.delivery.ack()\n            await self.step.release(hold.job, has_ended=has_ended)\n            return\n        await hold.delivery.ack()",
    ),
    Mutant(
        "repeats are bounded",
        "handler",
        "if uncertain < self.step.repeats(hold.job.facts):",
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
