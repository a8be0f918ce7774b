"""Tones in files, and how much of what was heard they are."""

import array
import math
import struct
import wave

RATE = 8_000
HEADER_OCTETS, CHANNELS_OFFSET = 44, 22


def write_tone(path, hertz, seconds):
    write_samples(path, array.array("h", (round(8_000 * math.sin(2 * math.pi * hertz * index / RATE)) for index in range(RATE * seconds))))


def write_samples(path, samples):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())


def share_of(path, hertz, seconds=1):
    """How much of the last seconds of a recording is this tone (Goertzel), between 0 and 1."""
    octets = path.read_bytes()
    if len(octets) <= HEADER_OCTETS:
        return 0.0
    # By hand: the header of a recording that goes on says nothing of its length yet, which the module does not bear.
    channels, rate = struct.unpack_from("<HI", octets, CHANNELS_OFFSET)
    body = octets[HEADER_OCTETS : HEADER_OCTETS + (len(octets) - HEADER_OCTETS) // (2 * channels) * 2 * channels]
    samples = array.array("h", body)[::channels][-rate * seconds :]
    energy = sum(sample * sample for sample in samples)
    if len(samples) < rate * seconds or energy == 0:
        return 0.0
    turn = 2 * math.pi * hertz / rate
    real = sum(sample * math.cos(turn * index) for index, sample in enumerate(samples))
    imaginary = sum(sample * math.sin(turn * index) for index, sample in enumerate(samples))
    return 2 * (real * real + imaginary * imaginary) / (energy * len(samples))
