//! Codecs, mixing, tones, clips.
