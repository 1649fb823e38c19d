"""Every save of the SIASN dialect behaves alike: create, update, repeat, refuse, ignore, be strict, delete."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from simpeg_sync.simulator.control_client import ControlClient

from .caller import PDF, Caller
from .conftest import Someone
from .endpoints import WRITES
from .saves import PERSON, PERSON_SAVES, SAVES, Save

NOBODY = "00000000000000000000000000000000"


def those(fits: Callable[[Save], bool]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("save", [save for save in SAVES if fits(save)], ids=lambda save: save.path)


every = those(lambda save: True)
every_json = those(lambda save: not save.is_form)
every_form = those(lambda save: save.is_form)


def body_of(save: Save, person_id: str, **changes: Any) -> dict[str, Any]:
    body = {key: person_id if value == PERSON else value for key, value in save.body.items()}
    return {**body, **changes}


def send(caller: Caller, save: Save, body: dict[str, Any], files: dict[str, bytes] | None = None) -> httpx.Response:
    if not save.is_form:
        return caller.post(save.path, json=body)
    parts: list[tuple[str, Any]] = [(key, (None, str(value))) for key, value in body.items()]
    parts += [(key, (f"{key}.pdf", content, "application/pdf")) for key, content in (files or {}).items()]
    return caller.post(save.path, files=parts or [("x", (None, ""))])


def my_rows(control: ControlClient, save: Save, person: Someone) -> list[dict[str, Any]]:
    return control.rows(resource=save.resource, nip=person.nip if save.needs_person else "")


@pytest.fixture(autouse=True)
def no_rows_of_the_instansi(control: ControlClient) -> None:
    for row in control.rows(resource="refkegiatan"):
        control.delete_row(row["id"])


def test_no_save_is_forgotten() -> None:
    tested = {save.path for save in SAVES} | set(PERSON_SAVES)
    assert tested == {path for method, path in WRITES if method == "POST" and not path.startswith("/upload-")}


@every
def test_it_creates_and_says_the_id_in_its_own_form(
    caller: Caller, control: ControlClient, alice: Someone, save: Save
) -> None:
    seen = len(control.effects())
    answer = send(caller, save, body_of(save, alice.id)).json()
    assert str(answer["success"]).lower() == "true"
    assert answer["message"] == "success"
    [row] = my_rows(control, save, alice)
    form, _, key = save.answer.partition(":")
    assert answer["mapData"] == {"object": {key: row["id"]}, "unknown": {"id": row["id"]}, "text": row["id"]}.get(form)
    [effect] = control.effects()[seen:]
    assert (effect["kind"], effect["resource"], effect["row_id"]) == ("create", save.resource, row["id"])


@every
def test_the_same_body_twice_makes_two_rows(caller: Caller, control: ControlClient, alice: Someone, save: Save) -> None:
    for _ in range(2):
        send(caller, save, body_of(save, alice.id))
    assert len(my_rows(control, save, alice)) == 2


@those(lambda save: save.takes_id)
def test_its_id_updates(caller: Caller, control: ControlClient, alice: Someone, save: Save) -> None:
    send(caller, save, body_of(save, alice.id))
    [row] = my_rows(control, save, alice)
    answer = send(caller, save, body_of(save, alice.id, id=row["id"])).json()
    assert str(answer["success"]).lower() == "true"
    [again] = my_rows(control, save, alice)
    assert (again["id"], again["version"]) == (row["id"], 2)


@those(lambda save: not save.takes_id)
def test_where_there_is_no_id_every_save_creates(
    caller: Caller, control: ControlClient, alice: Someone, save: Save
) -> None:
    send(caller, save, body_of(save, alice.id))
    [row] = my_rows(control, save, alice)
    send(caller, save, body_of(save, alice.id, id=row["id"]))
    assert len(my_rows(control, save, alice)) == 2


@those(lambda save: bool(save.missing))
def test_what_is_missing_is_listed_by_its_go_names(caller: Caller, control: ControlClient, save: Save) -> None:
    answer = send(caller, save, {})
    assert answer.status_code == 200
    head = "1 error" if len(save.missing) == 1 else f"{len(save.missing)} errors"
    lines = "".join(f"\t* {name} is required\n" for name in save.missing)
    assert answer.json() == {"code": 0, "data": None, "message": f"{head} occurred:\n{lines}\n"}
    control.patch_settings(validation_status=400)
    assert send(caller, save, {}).status_code == 400


@those(lambda save: not save.missing)
def test_a_save_that_demands_nothing_takes_nothing(caller: Caller, save: Save) -> None:
    assert send(caller, save, {}).json()["success"] is True


@those(lambda save: len(save.missing) == len(save.body))
def test_each_part_of_its_least_body_is_demanded(
    caller: Caller, control: ControlClient, alice: Someone, save: Save
) -> None:
    for name in save.body:
        body = body_of(save, alice.id)
        del body[name]
        assert send(caller, save, body).json()["message"].startswith("1 error occurred")
    assert my_rows(control, save, alice) == []


@every
def test_keys_fit_in_any_case_and_unknown_ones_are_ignored(
    caller: Caller, control: ControlClient, alice: Someone, save: Save
) -> None:
    send(caller, save, body_of(save, alice.id))
    shouted = {key.upper(): value for key, value in body_of(save, alice.id).items()}
    send(caller, save, {**shouted, "nip": alice.nip, "hobi": "memancing"})
    plain, loud = my_rows(control, save, alice)
    assert plain["fields"] == loud["fields"]
    assert "hobi" not in loud["fields"]


@every_json
def test_its_types_are_strict(caller: Caller, control: ControlClient, alice: Someone, save: Save) -> None:
    name, value = save.wrong
    answer = send(caller, save, body_of(save, alice.id, **{name: value}))
    assert (answer.status_code, answer.json()["code"], answer.json()["data"]) == (200, 0, None)
    assert answer.json()["message"].startswith("json: cannot unmarshal ")
    assert f".{name} of type " in answer.json()["message"]
    assert my_rows(control, save, alice) == []


@those(lambda save: save.is_form and bool(save.wrong[0]))
def test_a_form_with_a_number_that_is_none_is_refused(
    caller: Caller, control: ControlClient, alice: Someone, save: Save
) -> None:
    name, value = save.wrong
    answer = send(caller, save, body_of(save, alice.id, **{name: value}))
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("strconv.Parse")
    assert my_rows(control, save, alice) == []


@those(lambda save: bool(save.date))
def test_its_dates_are_dd_mm_yyyy(caller: Caller, control: ControlClient, alice: Someone, save: Save) -> None:
    answer = send(caller, save, body_of(save, alice.id, **{save.date: "2020-12-31"})).json()
    assert answer["code"] == 0
    assert 'parsing time "2020-12-31"' in answer["message"]
    assert my_rows(control, save, alice) == []


@those(lambda save: save.needs_person)
def test_an_unknown_person_is_refused(caller: Caller, save: Save) -> None:
    answer = send(caller, save, body_of(save, NOBODY))
    assert (answer.status_code, answer.json()["success"], answer.json()["mapData"]) == (200, False, None)


@those(lambda save: save.needs_person and save.takes_id)
def test_a_row_of_somebody_else_is_refused(
    caller: Caller, control: ControlClient, alice: Someone, bob: Someone, save: Save
) -> None:
    send(caller, save, body_of(save, alice.id))
    [row] = my_rows(control, save, alice)
    assert send(caller, save, body_of(save, bob.id, id=row["id"])).json()["success"] is False
    assert my_rows(control, save, alice)[0]["version"] == 1


@those(lambda save: bool(save.delete))
def test_it_is_deleted_once(caller: Caller, control: ControlClient, alice: Someone, save: Save) -> None:
    send(caller, save, body_of(save, alice.id))
    [row] = my_rows(control, save, alice)
    assert caller.delete(save.delete + row["id"]).json()["success"] is True
    assert my_rows(control, save, alice) == []
    assert caller.delete(save.delete + row["id"]).json()["success"] is False


@those(lambda save: not save.delete)
def test_where_there_is_no_delete_the_route_is_not_found(
    caller: Caller, control: ControlClient, alice: Someone, save: Save
) -> None:
    send(caller, save, body_of(save, alice.id))
    [row] = my_rows(control, save, alice)
    answer = caller.delete(f"/{save.resource}/delete/{row['id']}")
    assert (answer.status_code, answer.json()) == (404, {"message": "Not Found"})
    assert len(my_rows(control, save, alice)) == 1


@those(lambda save: bool(save.read))
def test_what_was_saved_is_read(caller: Caller, control: ControlClient, alice: Someone, save: Save) -> None:
    send(caller, save, body_of(save, alice.id))
    data = caller.get(save.read + alice.nip).json()["data"]
    items = data if isinstance(data, list) else next(value for key, value in data.items() if key.startswith("list"))
    assert len(items) == 1
    assert control.rows(nip=alice.nip)[0]["id"] in str(items[0])


@every
def test_a_lost_answer_leaves_the_row(caller: Caller, control: ControlClient, alice: Someone, save: Save) -> None:
    """The case that makes duplicates."""
    control.add_fault("reset_after_commit", match={"path": f"{save.path}$", "method": "POST"})
    with pytest.raises(httpx.ReadError):
        send(caller, save, body_of(save, alice.id))
    assert len(my_rows(control, save, alice)) == 1


@every_form
def test_the_files_of_a_form_hang_on_its_row(
    caller: Caller, control: ControlClient, alice: Someone, save: Save
) -> None:
    seen = len(control.effects())
    files = {name: PDF for name, _ in save.files}
    assert send(caller, save, body_of(save, alice.id), files).json()["success"] is True
    [row] = my_rows(control, save, alice)
    assert sorted(row["documents"]) == sorted(ref for _, ref in save.files)
    assert [effect["kind"] for effect in control.effects()[seen:]] == ["create", *["upload"] * len(files)]
    [item] = caller.get(save.read + alice.nip).json()["data"]
    for ref in row["documents"]:
        document = caller.get("/download-dok", params={"filePath": item["path"][ref]["dok_uri"]})
        assert document.content == PDF


@every_form
def test_a_form_takes_only_small_pdfs(caller: Caller, control: ControlClient, alice: Someone, save: Save) -> None:
    for content in (b"<html>", b"%PDF-" + b"x" * 1_000_000):
        answer = send(caller, save, body_of(save, alice.id), {save.files[0][0]: content})
        assert (answer.status_code, answer.json()["code"]) == (400, 0)
    assert my_rows(control, save, alice) == []


@every_form
def test_what_is_no_form_is_refused(caller: Caller, save: Save) -> None:
    answer = caller.post(save.path, json={})
    assert (answer.status_code, answer.json()) == (
        400,
        {"message": "request Content-Type isn't multipart/form-data"},
    )
