//! Lists in parts: as many items as asked for, and the place where the next part begins.

pub use crate::store::PAGE_MAX;

/// A part of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Part<T, K> {
    /// In the list's order.
    pub items: Vec<T>,
    /// The place behind which the next part begins; `None` at the end.
    pub next: Option<K>,
}

impl<T, K> Part<T, K> {
    /// A part of at most `limit` items out of `rows`, which were asked for with one more; `place` is an item's place in the order.
    pub fn cut(mut rows: Vec<T>, limit: i64, place: impl Fn(&T) -> K) -> Self {
        let limit = usize::try_from(limit).unwrap_or(0);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| has_more).map(place);
        Self { items: rows, next }
    }

    /// The same part of another view of the items.
    pub fn map<U>(self, view: impl FnMut(T) -> U) -> Part<U, K> {
        Part { items: self.items.into_iter().map(view).collect(), next: self.next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_ends_where_the_next_begins_and_the_last_has_no_next() {
        assert_eq!(Part::cut(vec![1, 2, 3], 2, |item| *item), Part { items: vec![1, 2], next: Some(2) });
        assert_eq!(Part::cut(vec![1, 2], 2, |item| *item), Part { items: vec![1, 2], next: None });
        assert_eq!(Part::cut(Vec::<i32>::new(), 2, |item| *item), Part { items: vec![], next: None });
    }
}
