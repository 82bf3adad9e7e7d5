"""get_file and the data sets, against a server on this machine with small files."""

import functools
import gzip
import hashlib
import http.server
import io
import json
import pickle
import tarfile
import threading
import zipfile

import numpy as np
import pytest

from pronghorn import datasets, utils
from pronghorn.datasets import _cache


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        self.server.asked.append(self.path)
        super().do_GET()


@pytest.fixture
def served(tmp_path):
    """A folder, its address, and the paths that were asked for."""
    folder = tmp_path / "served"
    folder.mkdir()
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder))
    )
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}/", server.asked
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def left_over(cache):
    return [path for path in cache.rglob("*") if path.name.startswith(".")]


def test_a_file_is_downloaded_once(served, cache, capsys):
    folder, address, asked = served
    (folder / "a.txt").write_bytes(b"words" * 50_000)
    path = utils.get_file(origin=address + "a.txt", file_hash=sha256(b"words" * 50_000))
    assert path == str(cache / "datasets" / "a.txt")
    assert (cache / "datasets" / "a.txt").read_bytes() == b"words" * 50_000
    assert "Downloading data from http://127.0.0.1" in capsys.readouterr().out
    assert utils.get_file(origin=address + "a.txt") == path
    assert asked == ["/a.txt"]
    utils.get_file(origin=address + "a.txt", force_download=True)
    assert len(asked) == 2
    assert not left_over(cache)


def test_where_files_go(served, cache, tmp_path, monkeypatch):
    folder, address, _ = served
    (folder / "a").write_bytes(b"x")
    given = utils.get_file("b", address + "a", cache_subdir="s", cache_dir=tmp_path / "c")
    assert given == str(tmp_path / "c" / "s" / "b")
    monkeypatch.delenv("KERAS_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "me"))
    assert utils.get_file(origin=address + "a") == str(tmp_path / "me/.keras/datasets/a")


def test_hashes(served, cache, capsys):
    folder, address, asked = served
    (folder / "a").write_bytes(b"right")
    with pytest.raises(ValueError, match=r"hash is .*, expected 0123"):
        utils.get_file(origin=address + "a", file_hash="0123")
    assert not (cache / "datasets" / "a").exists()
    assert not left_over(cache)
    (cache / "datasets" / "a").write_bytes(b"wrong")
    md5 = hashlib.md5(b"right").hexdigest()
    path = utils.get_file(origin=address + "a", md5_hash=md5)
    assert (cache / "datasets" / "a").read_bytes() == b"right"
    assert "downloaded again" in capsys.readouterr().out
    assert utils.get_file(origin=address + "a", file_hash=md5, hash_algorithm="md5") == path
    assert len(asked) == 2


def test_failed_downloads_leave_nothing(served, cache):
    _, address, _ = served
    with pytest.raises(OSError, match=r"could not be downloaded.*404"):
        utils.get_file(origin=address + "none")
    assert list((cache / "datasets").iterdir()) == []


def test_interrupted_downloads_leave_nothing(cache, tmp_path):
    class Short(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"only this")

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Short)
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    with pytest.raises(OSError, match="ended after 9 of 1000 bytes"):
        utils.get_file(origin=f"http://127.0.0.1:{server.server_port}/a")
    thread.join()
    server.server_close()
    assert list((cache / "datasets").iterdir()) == []


def make_tar(members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as file:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            if content is None:
                info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            info.size = len(content or b"")
            file.addfile(info, io.BytesIO(content or b""))
    return buffer.getvalue()


def make_zip(members):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in members.items():
            file.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize("make", [make_tar, make_zip])
def test_archives(served, cache, make):
    folder, address, _ = served
    (folder / "f.x").write_bytes(make({"top.txt": b"1", "in/ner.txt": b"2"}))
    found = utils.get_file(origin=address + "f.x", extract=True)
    assert found == str(cache / "datasets" / "f.x")
    assert (cache / "datasets/f.x/top.txt").read_bytes() == b"1"
    assert (cache / "datasets/f.x/in/ner.txt").read_bytes() == b"2"
    named = utils.get_file("g.x", address + "f.x", extract=True)
    assert named == str(cache / "datasets" / "g_extracted")


@pytest.mark.parametrize("make", [make_tar, make_zip])
@pytest.mark.parametrize("name", ["../out.txt", "/tmp/pronghorn-out.txt", "a/../../out.txt"])
def test_archives_stay_in_their_folder(served, cache, make, name):
    folder, address, _ = served
    (folder / "f").write_bytes(make({name: b"bad", "good": b"1"}))
    with pytest.warns(UserWarning, match="is skipped: it lies outside"):
        utils.get_file(origin=address + "f", extract=True)
    files = [path.name for path in cache.rglob("*") if path.is_file()]
    assert sorted(files) == ["f_archive", "good"]


def test_links_and_other_files_in_archives(served, cache):
    folder, address, _ = served
    (folder / "f").write_bytes(make_tar({"link": None, "good": b"1"}))
    with pytest.warns(UserWarning, match="'link' is skipped: it is no file"):
        utils.get_file(origin=address + "f", untar=True)
    assert [path.name for path in (cache / "datasets/f").iterdir()] == ["good"]
    (folder / "plain").write_bytes(b"no archive")
    with pytest.warns(UserWarning, match="is no archive"):
        utils.get_file(origin=address + "plain", extract=True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "`origin` must be"),
        ({"origin": "http://127.0.0.1/"}, "has no file name"),
        ({"origin": "http://127.0.0.1/a", "fname": "../a"}, "without folders"),
        ({"origin": "http://127.0.0.1/a", "hash_algorithm": "crc"}, "`hash_algorithm`"),
    ],
)
def test_get_file_refuses(cache, arguments, message):
    with pytest.raises(ValueError, match=message):
        utils.get_file(**arguments)


# The data sets, with files of the same form and other hashes.


@pytest.fixture
def origin(served, cache, monkeypatch):
    folder, address, _ = served
    monkeypatch.setattr(_cache, "ORIGIN", address)

    def serve(name, content, module=None, attribute="_HASH"):
        (folder / name).write_bytes(content)
        if module is not None:
            monkeypatch.setattr(module, attribute, sha256(content))

    return serve


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def test_mnist(origin, cache):
    images = np.arange(3 * 784, dtype=np.uint8).reshape(3, 28, 28)
    arrays = {"x_train": images, "y_train": images[:, 0, 0], "x_test": images[:1]}
    origin("mnist.npz", npz(**arrays, y_test=np.uint8([7])), datasets.mnist)
    (x, y), (x_test, y_test) = datasets.mnist.load_data()
    np.testing.assert_array_equal(x, images)
    assert (y.tolist(), x_test.shape, y_test.tolist()) == ([0, 16, 32], (1, 28, 28), [7])
    assert (cache / "datasets/mnist.npz").exists()


def test_a_changed_file_is_refused(origin):
    origin("mnist.npz", npz(x=np.ones(3)))
    with pytest.raises(ValueError, match="expected 731c5ac6"):
        datasets.mnist.load_data()


def test_fashion_mnist(origin, cache, monkeypatch):
    hashes = {}
    for part, rows in (("train", 3), ("t10k", 2)):
        for kind, header, size in (("labels-idx1", 8, rows), ("images-idx3", 16, rows * 784)):
            content = gzip.compress(bytes(header) + bytes(i % 256 for i in range(size)))
            origin(f"{part}-{kind}-ubyte.gz", content)
            hashes[f"{part}-{kind}-ubyte.gz"] = hashlib.md5(content).hexdigest()
    monkeypatch.setattr(datasets.fashion_mnist, "_HASHES", hashes)
    (x, y), (x_test, y_test) = datasets.fashion_mnist.load_data()
    assert (x.shape, y.tolist()) == ((3, 28, 28), [0, 1, 2])
    assert (x_test.shape, y_test.tolist()) == ((2, 28, 28), [0, 1])
    assert x.reshape(-1)[:300].tolist() == [i % 256 for i in range(300)]
    assert (cache / "datasets/fashion-mnist").is_dir()


@pytest.mark.parametrize("name", ["california_housing", "boston_housing"])
def test_housing(origin, name):
    module = getattr(datasets, name)
    x = np.arange(1000.0)[:, None] * [1, 10]
    origin(f"{name}.npz", npz(x=x, y=x[:, 0]), module)
    (x_train, y_train), (x_test, y_test) = module.load_data()
    assert (len(x_train), len(x_test)) == (800, 200)
    np.testing.assert_array_equal(x_train[:, 1], 10 * y_train)
    assert sorted([*y_train, *y_test]) == list(range(1000))
    # NumPy's documented legacy generator, which Keras uses with this seed.
    order = np.arange(1000)
    np.random.RandomState(113).shuffle(order)
    np.testing.assert_array_equal(y_train, order[:800])
    if name == "california_housing":
        (small, _), (rest, _) = module.load_data("small", test_split=0.5)
        assert len(small) == len(rest) == 300
        with pytest.raises(ValueError, match="`version`"):
            module.load_data("medium")
    with pytest.raises(ValueError, match="`test_split`"):
        module.load_data(test_split=1.0)


def texts(*rows):
    array = np.empty(len(rows), object)
    array[:] = [list(row) for row in rows]
    return array


def test_reuters(origin):
    rows = [[i, 1, 50] for i in range(10)]
    origin("reuters.npz", npz(x=texts(*rows), y=np.arange(10)), datasets.reuters)
    (x, y), (x_test, y_test) = datasets.reuters.load_data(num_words=20)
    assert (len(x), len(x_test)) == (8, 2)
    # A sign for the beginning, ranks moved by 3, the rare word replaced.
    assert x[0] == [1, y[0] + 3, 4, 2]
    assert sorted([*y, *y_test]) == list(range(10))
    (plain, labels), _ = datasets.reuters.load_data(start_char=None, oov_char=None, index_from=0)
    assert plain[0] == [labels[0], 1]  # 50 is the largest, and the limit
    origin("reuters_word_index.json", json.dumps({"the": 1}).encode(), datasets.reuters,
           "_WORDS_HASH")  # fmt: skip
    assert datasets.reuters.get_word_index() == {"the": 1}
    assert len(datasets.reuters.get_label_names()) == 46


def test_imdb(origin):
    train = texts([1, 2, 3], [4, 5], [6] * 9)
    test = texts([7], [8, 9])
    content = npz(x_train=train, y_train=np.arange(3), x_test=test, y_test=np.arange(2))
    origin("imdb.npz", content, datasets.imdb)
    (x, y), (x_test, y_test) = datasets.imdb.load_data(maxlen=6, skip_top=5)
    assert sorted(y) == [0, 1]
    assert x[list(y).index(1)] == [2, 7, 8]
    assert sorted(map(len, x_test)) == [2, 3]
    assert len(y_test) == 2
    with pytest.raises(ValueError, match="`maxlen` leaves no text"):
        datasets.imdb.load_data(maxlen=1)


def test_files_cannot_run_code(origin, tmp_path):
    class Evil:
        def __reduce__(self):
            return (tmp_path.joinpath("run").touch, ())

    array = np.empty(1, object)
    array[0] = Evil()
    origin("reuters.npz", npz(x=array, y=np.arange(1)), datasets.reuters)
    with pytest.raises((ValueError, pickle.UnpicklingError), match="asks for"):
        datasets.reuters.load_data()
    assert not (tmp_path / "run").exists()
