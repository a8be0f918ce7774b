#!/usr/bin/env python3
"""Composes the music on hold and the tones: music/on-hold.wav, music/ringback.wav, music/busy.wav,
music/voicemail-tone.wav. Needs numpy.

The music is our own: four slow chord progressions of a made-up keyboard with soft broken chords and a sparse melody, written for
the telephone band (nothing below 150 Hz or above 3.3 kHz matters) and for looping: every note that rings past the end goes on at
the beginning. The same script gives the same bytes.
"""

import pathlib
import struct

import numpy as np

RATE = 8_000
HERE = pathlib.Path(__file__).resolve().parent / "music"

BEAT = 0.75  # seconds: 80 beats a minute
BEATS_PER_CHORD = 4
# One chord each; as semitones above middle C. Sixteen bars of three seconds.
A_MINOR9, F_MAJOR7, C_ADD9, G_SIX = [9, 16, 19, 23], [5, 12, 16, 21], [7, 12, 16, 26], [7, 14, 16, 23]
D_MINOR7, E_MINOR7, F_ADD9, G_SUS = [5, 14, 17, 21], [7, 14, 16, 23], [9, 12, 17, 19], [7, 12, 14, 19]
BARS = [
    *(C_ADD9, G_SIX, A_MINOR9, F_MAJOR7),
    *(C_ADD9, E_MINOR7, F_ADD9, G_SUS),
    *(A_MINOR9, F_MAJOR7, C_ADD9, G_SIX),
    *(D_MINOR7, F_ADD9, G_SUS, G_SIX),
    *(C_ADD9, G_SIX, A_MINOR9, F_MAJOR7),
    *(D_MINOR7, E_MINOR7, F_MAJOR7, G_SUS),
]
# Bar, beat, semitones above middle C, beats long.
MELODY = [
    (0, 1, 28, 2), (1, 0, 26, 3), (2, 1, 24, 1), (2, 2, 23, 2), (3, 1, 21, 3),
    (4, 1, 28, 1), (4, 2, 31, 2), (5, 0, 28, 3), (6, 1, 24, 1), (6, 2, 26, 2), (7, 1, 26, 3),
    (8, 1, 24, 2), (9, 0, 28, 3), (10, 1, 31, 1), (10, 2, 28, 2), (11, 1, 26, 3),
    (12, 1, 21, 1), (12, 2, 24, 2), (13, 0, 28, 2), (13, 3, 26, 1), (14, 0, 24, 3), (15, 0, 23, 3),
    (16, 1, 28, 2), (17, 0, 26, 3), (18, 1, 24, 1), (18, 2, 28, 2), (19, 1, 33, 3),
    (20, 1, 29, 1), (20, 2, 28, 2), (21, 1, 26, 1), (21, 2, 23, 2), (22, 0, 24, 3), (23, 1, 26, 3),
]
# Which note of the chord at which half beat.
BROKEN = [0, 2, 1, 3, 2, 1, 3, 2]


def main() -> None:
    HERE.mkdir(exist_ok=True)
    write("on-hold", music())
    write("ringback", tone(1.5, 3.0))
    write("busy", np.tile(tone(0.2, 0.2), 5))
    write("voicemail-tone", np.concatenate([np.zeros(int(0.15 * RATE)), tone(0.4, 0.0, 1_000)]))


def music() -> np.ndarray:
    length = int(len(BARS) * BEATS_PER_CHORD * BEAT * RATE)
    track = np.zeros(length)
    chance = np.random.default_rng(1_000)  # tiny unevenness of a hand; fixed, so that the bytes are
    for bar, chord in enumerate(BARS):
        start = bar * BEATS_PER_CHORD * BEAT
        for note in chord:
            add(track, start, pad(frequency(note), BEATS_PER_CHORD * BEAT + 1.2), 0.075)
        for half, index in enumerate(BROKEN):
            late = start + half * BEAT / 2 + abs(chance.normal(0.0, 0.006))
            loud = 0.12 if half % 4 == 0 else 0.085
            add(track, late, pluck(frequency(chord[index]), 1.8), loud * chance.uniform(0.9, 1.1))
    for bar, beat, note, beats in MELODY:
        late = (bar * BEATS_PER_CHORD + beat) * BEAT + 0.01
        add(track, late, bell(frequency(note), beats * BEAT + 0.9), 0.15)
    track = band(echoed(track))
    # About 6 dB below speech: calm, and far from the coder's ceiling.
    track *= 10 ** (-25 / 20) / np.sqrt(np.mean(track**2))
    return np.tanh(track * 1.2) / 1.2


def frequency(semitones: int) -> float:
    return 261.63 * 2 ** (semitones / 12)


def add(track: np.ndarray, at: float, sound: np.ndarray, level: float) -> None:
    """Past the end it goes on at the beginning, so the loop has no seam."""
    places = (int(at * RATE) + np.arange(len(sound))) % len(track)
    np.add.at(track, places, sound * level)


def times(seconds: float) -> np.ndarray:
    return np.arange(int(seconds * RATE)) / RATE


def pad(hz: float, seconds: float) -> np.ndarray:
    t = times(seconds)
    wave = sum(np.sin(2 * np.pi * hz * k * t * (1 + d)) / k**2 for k, d in ((1, 0.0), (1, 0.0015), (2, 0.0), (3, -0.001)))
    rise, fall = np.minimum(t / 0.7, 1.0), np.minimum((seconds - t) / 1.2, 1.0)
    return wave * np.sin(np.pi / 2 * rise) ** 2 * np.sin(np.pi / 2 * fall) ** 2


def pluck(hz: float, seconds: float) -> np.ndarray:
    t = times(seconds)
    partials = [(k, 0.55 ** (k - 1)) for k in range(1, 6) if hz * k < 3_300]
    wave = sum(a * np.sin(2 * np.pi * hz * k * t) * np.exp(-t * (2.2 + 1.6 * k)) for k, a in partials)
    return wave * np.minimum(t / 0.006, 1.0) * np.minimum((seconds - t) / 0.1, 1.0)


def bell(hz: float, seconds: float) -> np.ndarray:
    t = times(seconds)
    wobble = 0.35 * np.exp(-2.5 * t) * np.sin(2 * np.pi * hz * 2 * t)
    wave = np.sin(2 * np.pi * hz * t + wobble) * np.exp(-1.5 * t)
    return wave * np.minimum(t / 0.03, 1.0) * np.minimum((seconds - t) / 0.3, 1.0)


def echoed(track: np.ndarray) -> np.ndarray:
    """A few quiet repeats, turned around the loop like everything else."""
    return track + sum(np.roll(track, int(s * RATE)) * a for s, a in ((0.11, 0.22), (0.27, 0.16), (0.43, 0.11), (0.75, 0.07)))


def band(track: np.ndarray) -> np.ndarray:
    """The telephone's band with soft edges; in the spectrum of the whole loop, so that it stays a loop."""
    spectrum = np.fft.rfft(track)
    hz = np.fft.rfftfreq(len(track), 1 / RATE)
    low = 1 / (1 + (150 / np.maximum(hz, 1e-9)) ** 6)
    high = 1 / (1 + (hz / 3_000) ** 10)
    return np.fft.irfft(spectrum * low * high, len(track))


def tone(on: float, off: float, hertz: float = 425) -> np.ndarray:
    """At -16 dBFS; 425 Hz is what ITU-T E.180 supplement 2 lists for ringing and busy in Spain."""
    t = times(on)
    edges = np.minimum(np.minimum(t, on - t) / 0.01, 1.0)
    return np.concatenate([10 ** (-16 / 20) * np.sqrt(2) * np.sin(2 * np.pi * hertz * t) * edges, np.zeros(int(off * RATE))])


def write(name: str, samples: np.ndarray) -> None:
    data = np.round(np.clip(samples, -0.99, 0.99) * 32767).astype("<i2").tobytes()
    head = b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, RATE, RATE * 2, 2, 16)
    (HERE / f"{name}.wav").write_bytes(head + b"data" + struct.pack("<I", len(data)) + data)
    print(f"{name}: {len(data) / 2 / RATE:.1f} s, peak {20 * np.log10(np.abs(samples).max()):.1f} dBFS, "
          f"level {20 * np.log10(np.sqrt(np.mean(samples**2))):.1f} dBFS")


if __name__ == "__main__":
    main()
