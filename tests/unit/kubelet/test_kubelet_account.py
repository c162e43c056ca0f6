"""The service account of a pod: its files, where the API server is, and who does not get them."""

import stat

import pytest

from embedded.apiserver.resources import SERVICE_ACCOUNTS
from embedded.apiserver.store import Store
from embedded.kubelet import account
from embedded.kubelet.account import MOUNT, ApiAccess
from embedded.kubelet.volumes import Volumes
from embedded.state import State

ACCESS = ApiAccess("127.0.0.1", 6443, b"authority", "secret")


@pytest.fixture
def store(tmp_path):
    state = State(tmp_path / "state")
    state.prepare()
    store = Store(state.database)
    yield store
    store.close()


def pod(**spec):
    return {"metadata": {"name": "release", "namespace": "shop"}, "spec": {"containers": [{}], **spec}}


def give(store, said):
    body = {"metadata": {"name": "delivery", "namespace": "shop"}}
    store.create(SERVICE_ACCOUNTS, body if said is None else {**body, "automountServiceAccountToken": said})


def volumes(store, folder, body, access=ACCESS):
    made = Volumes(store, body, folder, folder / "claims", access)
    made.prepare()
    return made


def test_a_path_in_the_manifest_leads_to_the_three_files(store, tmp_path):
    rewrite = volumes(store, tmp_path / "pod", pod()).rewriter({}, {})
    token = tmp_path / rewrite(f"{MOUNT}/token")
    assert token.read_text() == "secret"
    assert stat.S_IMODE(token.stat().st_mode) == 0o600
    assert (token.parent / "ca.crt").read_bytes() == b"authority"
    assert (token.parent / "namespace").read_text() == "shop"


@pytest.mark.parametrize(
    ("of_pod", "of_account", "mounted"),
    [
        (None, None, True),
        (None, True, True),
        (None, False, False),
        (True, False, True),
        (False, True, False),
    ],
)
def test_the_pod_has_the_first_word_and_its_account_the_second(store, tmp_path, of_pod, of_account, mounted):
    give(store, of_account)
    spec = {"serviceAccountName": "delivery"} | ({} if of_pod is None else {"automountServiceAccountToken": of_pod})
    rewrite = volumes(store, tmp_path / "pod", pod(**spec)).rewriter({}, {})
    assert (rewrite(MOUNT) != MOUNT) is mounted
    assert (tmp_path / "pod" / "serviceaccount").exists() is mounted


def test_without_an_api_server_there_is_nothing_to_get_into(store, tmp_path):
    assert volumes(store, tmp_path / "pod", pod(), None).rewriter({}, {})(MOUNT) == MOUNT


def test_every_container_is_told_where_the_api_server_is():
    assert ACCESS.environment == {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "6443"}


def test_files_that_are_written_again_stay_private(tmp_path):
    account.write(tmp_path, ACCESS, "shop")
    account.write(tmp_path, ApiAccess("127.0.0.1", 6443, b"other", "newer"), "shop")
    assert (tmp_path / "token").read_text() == "newer"
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600
