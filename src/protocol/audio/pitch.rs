//! How alike two stretches of sound are, and so where a voice repeats itself. By this a lost packet is filled with what was said
//! before it, and a period is taken out or put in without anybody hearing it.

/// The shortest period that is used: 5 ms. Higher voices repeat themselves within it several times.
pub(super) const LAG_MIN: usize = 40;
/// The longest: 15 ms, a voice of 66 Hz.
pub(super) const LAG_MAX: usize = 120;
/// Mean square below which a stretch is silence: some 50 dB below the loudest, the rustle of a line.
const QUIET: i64 = 100 * 100;

/// Normalised correlation of two stretches of the same length, 1 for the same shape, 0 where either is nothing.
pub(super) fn likeness(one: &[i16], other: &[i16]) -> f32 {
    let (mut product, mut of_one, mut of_other) = (0_i64, 0_i64, 0_i64);
    for (a, b) in one.iter().zip(other).map(|(a, b)| (i64::from(*a), i64::from(*b))) {
        product += a * b;
        of_one += a * a;
        of_other += b * b;
    }
    let norm = (of_one as f32).sqrt() * (of_other as f32).sqrt();
    if norm > 0.0 { product as f32 / norm } else { 0.0 }
}

/// Whether a stretch holds no sound worth keeping in shape.
pub(super) fn is_quiet(samples: &[i16]) -> bool {
    let energy: i64 = samples.iter().map(|sample| i64::from(*sample).pow(2)).sum();
    energy <= QUIET * samples.len() as i64
}

/// The lag between `min` and `max` at which `of` is most alike to what `at` gives for it, and how alike.
pub(super) fn best_lag<'a>(
    min: usize,
    max: usize,
    mut at: impl FnMut(usize) -> (&'a [i16], &'a [i16]),
) -> Option<(usize, f32)> {
    let likenesses = (min..=max).map(|lag| {
        let (one, other) = at(lag);
        (lag, likeness(one, other))
    });
    // The shortest of equals: a multiple of the period is as alike as the period.
    likenesses.fold(None, |best, found| match best {
        Some((_, likeness)) if likeness + 0.01 >= found.1 => best,
        Some(_) | None => Some(found),
    })
}

/// Goes over from one sound to another within the length of the shorter.
pub(super) fn cross_fade(from: &[i16], to: &mut [i16]) {
    let length = from.len().min(to.len());
    for (i, (from, to)) in from.iter().zip(to.iter_mut()).enumerate() {
        let share = (i as i32 + 1) * 256 / (length as i32 + 1);
        *to = ((i32::from(*from) * (256 - share) + i32::from(*to) * share) / 256) as i16;
    }
}
