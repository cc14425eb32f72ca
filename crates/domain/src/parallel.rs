//! Works through long lists on all processors.

use std::{
    panic::resume_unwind,
    thread::{available_parallelism, scope},
};

/// How many elements a thread works through at least. A line of a plan takes about a microsecond, and a thread some fifty
/// to start.
const EACH: usize = 1_000;

/// The results for all elements, in their order. `make` must depend on nothing but its element.
pub(crate) fn map<T: Send, R: Send>(all: Vec<T>, make: impl Fn(T) -> R + Sync) -> Vec<R> {
    flat_map(all, |element, results| results.push(make(element)))
}

/// The results for all elements, in their order. `make` adds those of one element, and must depend on nothing else.
pub(crate) fn flat_map<T: Send, R: Send>(all: Vec<T>, make: impl Fn(T, &mut Vec<R>) + Sync) -> Vec<R> {
    let useful = all.len() / EACH;
    // The number of processors is read from files, so it is not asked for in vain.
    let threads = if useful < 2 { 1 } else { available_parallelism().map_or(1, usize::from).min(useful) };
    flat_map_on(threads, all, make)
}

fn flat_map_on<T: Send, R: Send>(
    threads: usize,
    mut all: Vec<T>,
    make: impl Fn(T, &mut Vec<R>) + Sync,
) -> Vec<R> {
    let each = all.len().div_ceil(threads).max(1);
    let mut others = Vec::new();
    while all.len() > each {
        others.push(all.split_off(all.len() - each));
    }
    let make = |part: Vec<T>| {
        let mut results = Vec::with_capacity(part.len());
        for element in part {
            make(element, &mut results);
        }
        results
    };
    let make = &make;
    scope(|scope| {
        // They were split off from the end, so the last one comes first in the list.
        let others: Vec<_> = others.into_iter().rev().map(|part| scope.spawn(move || make(part))).collect();
        let mut results = make(all);
        for other in others {
            results.extend(other.join().unwrap_or_else(|panic| resume_unwind(panic)));
        }
        results
    })
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, thread};

    use super::*;

    #[test]
    fn nothing_is_lost_and_the_order_stays() {
        for count in [0, 1, 2, 7, 999, 5_003] {
            let all: Vec<usize> = (0..count).collect();
            let expected: Vec<String> = all.iter().map(ToString::to_string).collect();
            for threads in [1, 2, 3, 8] {
                let found = flat_map_on(threads, all.clone(), |n, found| found.push(n.to_string()));
                assert_eq!(found, expected, "{count}, {threads}");
            }
            assert_eq!(map(all.clone(), |n| n.to_string()), expected, "{count}");
            let twice = flat_map(all, |n, found| found.extend([n.to_string(), n.to_string()]));
            assert_eq!(twice.len(), 2 * count);
            assert!(
                twice.chunks(2).zip(&expected).all(|(pair, one)| pair.iter().all(|found| found == one)),
                "{count}"
            );
        }
    }

    #[test]
    fn each_part_has_a_thread_of_its_own() {
        let threads: HashSet<_> =
            flat_map_on(4, vec![(); EACH], |(), found| found.push(thread::current().id()))
                .into_iter()
                .collect();
        assert_eq!(threads.len(), 4);
    }

    #[test]
    #[should_panic(expected = "the 700th")]
    fn a_panic_of_a_thread_is_not_swallowed() {
        flat_map_on(2, (0..1_000).collect(), |n, found| {
            assert_ne!(n, 700, "the 700th");
            found.push(n);
        });
    }
}
