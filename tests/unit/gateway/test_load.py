"""How services do, out of what each durable holds."""

from services.gateway.domain.load import Load, overview, together


def test_a_service_is_the_sum_of_its_durables_and_its_oldest_message():
    load = together(
        2,
        [Load(pending=3, in_flight=1, oldest=4.0), Load(in_flight=2), Load(pending=1, oldest=9.5)],
    )

    assert load == Load(replicas=2, pending=4, in_flight=3, oldest=9.5)


def test_without_anything_pending_there_is_no_age():
    assert together(1, [Load(), Load()]).oldest is None


def test_one_service_without_a_process_degrades_the_whole():
    there, away = Load(replicas=2), Load()

    assert overview({"gateway": there, "storage": there})["status"] == "ok"
    told = overview({"gateway": there, "storage": away})
    assert (told["status"], told["worker_count"]) == ("degraded", 2)
