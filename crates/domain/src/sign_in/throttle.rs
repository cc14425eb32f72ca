//! Throttles guesses of passwords and codes with a delay that grows only for the one who guesses.
//!
//! Failures are counted by account and network together, and by network alone. A stranger's failures from elsewhere do
//! not delay the owner of the account. A try is counted when it begins, so parallel tries gain nothing.

use std::{collections::HashMap, hash::Hash, net::IpAddr, time::Duration};

use crate::{network::Network, time::Timestamp};

/// The number of tries for one account from one network without a wait. After them, the wait doubles each time.
const FREE_ACCOUNT: u32 = 4;
/// The number of tries for all accounts from one network without a wait. Many people may share one address.
const FREE_NETWORK: u32 = 30;
const LONGEST_ACCOUNT: Duration = Duration::from_mins(15);
const LONGEST_NETWORK: Duration = Duration::from_mins(1);
/// Tries older than this are forgotten.
const FORGOTTEN: Duration = Duration::from_hours(1);
/// The maximum number of entries in each map.
const MOST: usize = 10_000;

#[derive(Debug, Clone, Copy)]
struct Tries {
    count: u32,
    last: Timestamp,
    /// The time of the try before the last.
    before: Timestamp,
}

impl Tries {
    /// The remaining wait before the next try.
    fn wait(self, now: Timestamp, free: u32, longest: Duration) -> Duration {
        let Some(over) = self.count.checked_sub(free) else { return Duration::ZERO };
        let pause = Duration::from_secs(1 << over.min(12)).min(longest);
        pause.saturating_sub(now.since(self.last))
    }

    /// Takes back the last try, so that it causes no wait.
    fn give_back(&mut self) {
        self.count = self.count.saturating_sub(1);
        self.last = self.before;
    }
}

/// The number of recent tries per account and per network. The number of entries is limited.
#[derive(Debug)]
pub struct Throttle {
    accounts: HashMap<(String, Network), Tries>,
    networks: HashMap<Network, Tries>,
    /// The time of the last call.
    latest: Timestamp,
}

impl Default for Throttle {
    fn default() -> Self {
        Self { accounts: HashMap::new(), networks: HashMap::new(), latest: Timestamp::from_micros(0) }
    }
}

impl Throttle {
    /// Counts a try that begins. `Err` holds the time to wait before it.
    pub fn begin(&mut self, account: &str, address: Option<IpAddr>, now: Timestamp) -> Result<(), Duration> {
        self.look_at(now);
        let network = Network::of(address);
        let key = (account.to_owned(), network);
        let wait = |tries: Option<&Tries>, free, longest| {
            tries.map_or(Duration::ZERO, |tries| tries.wait(now, free, longest))
        };
        let account_wait = wait(self.accounts.get(&key), FREE_ACCOUNT, LONGEST_ACCOUNT);
        let network_wait = wait(self.networks.get(&network), FREE_NETWORK, LONGEST_NETWORK);
        let wait = account_wait.max(network_wait);
        if !wait.is_zero() {
            return Err(wait);
        }
        count(&mut self.accounts, key, now);
        count(&mut self.networks, network, now);
        Ok(())
    }

    /// Counts a try without an account. `Err` holds the time to wait before it.
    pub fn begin_unnamed(&mut self, address: Option<IpAddr>, now: Timestamp) -> Result<(), Duration> {
        self.look_at(now);
        let network = Network::of(address);
        let tries = self.networks.get(&network);
        let wait = tries.map_or(Duration::ZERO, |tries| tries.wait(now, FREE_NETWORK, LONGEST_NETWORK));
        if !wait.is_zero() {
            return Err(wait);
        }
        count(&mut self.networks, network, now);
        Ok(())
    }

    /// Records a successful sign-in: forgets the account's failures from this network, and takes this try back from
    /// the network's count.
    pub fn succeeded(&mut self, account: &str, address: Option<IpAddr>) {
        let network = Network::of(address);
        self.accounts.remove(&(account.to_owned(), network));
        if let Some(tries) = self.networks.get_mut(&network) {
            tries.give_back();
        }
    }

    /// Takes back a correct try after which a second factor is still to come. Earlier failures still count:
    /// otherwise somebody who knows the password could reset the count of wrong codes by typing it again.
    pub fn was_right(&mut self, account: &str, address: Option<IpAddr>) {
        let network = Network::of(address);
        if let Some(tries) = self.accounts.get_mut(&(account.to_owned(), network)) {
            tries.give_back();
        }
        if let Some(tries) = self.networks.get_mut(&network) {
            tries.give_back();
        }
    }

    /// Handles a clock rollback: times in the future are set to now, so that nobody waits until the clock reaches
    /// them again.
    fn look_at(&mut self, now: Timestamp) {
        if now < self.latest {
            let all = self.accounts.values_mut().chain(self.networks.values_mut());
            all.for_each(|tries| {
                tries.last = tries.last.min(now);
                tries.before = tries.before.min(now);
            });
        }
        self.latest = now;
    }
}

fn count<K: Hash + Eq + Clone>(map: &mut HashMap<K, Tries>, key: K, now: Timestamp) {
    if map.len() >= MOST && !map.contains_key(&key) {
        map.retain(|_, tries| now.since(tries.last) < FORGOTTEN);
        let oldest = map.iter().min_by_key(|(_, tries)| tries.last).map(|(key, _)| key.clone());
        if let Some(oldest) = oldest.filter(|_| map.len() >= MOST) {
            map.remove(&oldest);
        }
    }
    let tries = map.entry(key).or_insert(Tries { count: 0, last: now, before: now });
    if now.since(tries.last) >= FORGOTTEN {
        tries.count = 0;
    }
    tries.count = tries.count.saturating_add(1);
    tries.before = tries.last;
    tries.last = now;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(throttle: &mut Throttle, account: &str, address: &str) -> Result<(), Duration> {
        throttle.begin(account, Some(address.parse().unwrap()), START)
    }

    const START: Timestamp = Timestamp::from_micros(1_000_000_000_000);

    #[test]
    fn ten_thousand_guesses_in_a_day_become_a_few() {
        let mut throttle = Throttle::default();
        let mut now = START;
        let mut tried = 0;
        for _ in 0..10_000 {
            tried += u32::from(throttle.begin("ada@example.com", None, now).is_ok());
            now = now.plus(Duration::from_millis(8_640));
        }
        assert!((4..=120).contains(&tried), "{tried}");
    }

    #[test]
    fn a_strangers_failures_do_not_delay_the_person() {
        let mut throttle = Throttle::default();
        for _ in 0..1_000 {
            let _ = begin(&mut throttle, "ada@example.com", "192.0.2.9");
        }
        assert!(begin(&mut throttle, "ada@example.com", "192.0.2.200").is_err(), "the same network");
        assert_eq!(begin(&mut throttle, "ada@example.com", "198.51.100.1"), Ok(()));
    }

    #[test]
    fn one_network_cannot_try_all_accounts() {
        let mut throttle = Throttle::default();
        let tried = (0..10_000)
            .filter(|n| begin(&mut throttle, &format!("p{n}@example.com"), "2001:db8::1").is_ok())
            .count();
        assert!(tried <= 31, "{tried}");
        assert!(begin(&mut throttle, "x", "2001:db8::ffff:1").is_err(), "the same /64");
        assert!(begin(&mut throttle, "x", "2001:db8:0:1::1").is_ok());
    }

    #[test]
    fn success_forgets_the_failures() {
        let mut throttle = Throttle::default();
        for _ in 0..100 {
            begin(&mut throttle, "ada", "192.0.2.9").unwrap();
            throttle.succeeded("ada", "192.0.2.9".parse().ok());
        }
    }

    #[test]
    fn passwords_that_were_right_do_not_count_and_do_not_forgive_wrong_codes() {
        let mut throttle = Throttle::default();
        let ada = "192.0.2.9".parse().ok();
        for _ in 0..100 {
            begin(&mut throttle, "ada", "192.0.2.9").unwrap();
            throttle.was_right("ada", ada);
        }
        for wrong_code in 0..FREE_ACCOUNT {
            begin(&mut throttle, "ada", "192.0.2.9").unwrap();
            throttle.was_right("ada", ada);
            assert!(begin(&mut throttle, "ada", "192.0.2.9").is_ok(), "{wrong_code}");
        }
        let wait = begin(&mut throttle, "ada", "192.0.2.9").unwrap_err();
        // After the wait the right password is followed by its code at once.
        let later = START.plus(wait);
        throttle.begin("ada", ada, later).unwrap();
        throttle.was_right("ada", ada);
        assert_eq!(throttle.begin("ada", ada, later), Ok(()));
    }

    #[test]
    fn a_clock_that_was_put_back_makes_nobody_wait_longer() {
        let mut throttle = Throttle::default();
        while begin(&mut throttle, "ada", "192.0.2.9").is_ok() {}
        let back = START.minus(Duration::from_hours(24));
        let address = "192.0.2.9".parse().ok();
        let wait = throttle.begin("ada", address, back).unwrap_err();
        assert!(wait <= LONGEST_ACCOUNT);
        assert!(throttle.begin("ada", address, back.plus(wait)).is_ok());
    }

    #[test]
    fn its_memory_is_bounded() {
        let mut throttle = Throttle::default();
        for n in 0..(u32::try_from(MOST).unwrap() * 2) {
            let address = IpAddr::from(std::net::Ipv4Addr::from(n << 8));
            let _ = throttle.begin("ada", Some(address), START.plus(Duration::from_secs(u64::from(n))));
        }
        assert!(throttle.accounts.len() <= MOST && throttle.networks.len() <= MOST);
    }
}
