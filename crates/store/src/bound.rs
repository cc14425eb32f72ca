//! Values on their way into a statement: texts as both engines can keep them.

use std::borrow::Cow;

use unstale_domain::storable::storable;

/// A value that a statement takes. The macros of [`super::db`] bind every argument through it, so that a NUL, wherever
/// it came from, is neither an error on one engine nor a different text on the other: what is looked for with one is
/// not found, what is kept has a replacement character.
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
