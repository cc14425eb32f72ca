//! Values that are bound to statements. Texts are changed to what both engines can store.

use std::borrow::Cow;

use unstale_domain::storable::storable;

/// A value that a statement takes. The macros of [`super::db`] bind every argument through this trait. PostgreSQL
/// refuses a text with a NUL, and SQLite stores it. So this trait replaces each NUL with a replacement character,
/// and a statement has the same result on both engines, wherever the text came from.
pub(crate) trait Bound {
    type Value;
    fn bound(self) -> Self::Value;
}

impl<'a> Bound for &'a str {
    type Value = Cow<'a, str>;

    fn bound(self) -> Cow<'a, str> {
        storable(self)
    }
}

impl<'a> Bound for &'a String {
    type Value = Cow<'a, str>;

    fn bound(self) -> Cow<'a, str> {
        storable(self)
    }
}

impl Bound for String {
    type Value = Self;

    fn bound(self) -> Self {
        match storable(&self) {
            Cow::Owned(changed) => changed,
            Cow::Borrowed(_) => self,
        }
    }
}

impl<T: Bound> Bound for Option<T> {
    type Value = Option<T::Value>;

    fn bound(self) -> Option<T::Value> {
        self.map(T::bound)
    }
}

macro_rules! as_it_is {
    ($($type:ty),*) => {
        $(impl Bound for $type {
            type Value = Self;

            fn bound(self) -> Self {
                self
            }
        })*
    };
}

as_it_is!(bool, i32, i64);
