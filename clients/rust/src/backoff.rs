use std::time::Duration;

/// The delays between attempts: none before the first repeat, then drawn evenly from 0 to a ceiling
/// that doubles from `base` up to `cap` ("full jitter": many clients do not come back at the same
/// instant).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// The ceiling of the second delay; the first is 0.
    pub base: Duration,
    /// The highest ceiling.
    pub cap: Duration,
    /// Once a connection was healthy for so long, the next delay is the first again.
    pub reset_after: Duration,
}

impl Default for Backoff {
    /// What the stream contract of the mesh asks for: 100 ms, 5 s, 30 s.
    fn default() -> Self {
        Self {
            base: Duration::from_millis(100),
            cap: Duration::from_secs(5),
            reset_after: Duration::from_secs(30),
        }
    }
}

/// Doublings beyond this change nothing and would overflow.
const DOUBLINGS_MAX: u32 = 20;

/// Failures in a row; each stream and each command counts its own.
#[derive(Debug)]
pub(crate) struct Attempts {
    limits: Backoff,
    failed: u32,
}

impl Attempts {
    pub(crate) fn new(limits: Backoff) -> Self {
        Self { limits, failed: 0 }
    }

    /// The delay before the next attempt.
    pub(crate) fn next_delay(&mut self) -> Duration {
        let ceiling = self.next_ceiling();
        ceiling.mul_f64(rand::random::<f64>())
    }

    fn next_ceiling(&mut self) -> Duration {
        let doublings = self.failed.checked_sub(1);
        self.failed = self.failed.saturating_add(1);
        match doublings {
            None => Duration::ZERO,
            Some(times) => {
                self.limits.base.saturating_mul(1 << times.min(DOUBLINGS_MAX)).min(self.limits.cap)
            }
        }
    }

    /// A connection ended that had held for so long.
    pub(crate) fn ended(&mut self, healthy_for: Duration) {
        if healthy_for >= self.limits.reset_after {
            self.failed = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ceilings_begin_at_zero_double_and_stop_at_the_cap() {
        let mut attempts = Attempts::new(Backoff::default());
        let got: Vec<_> = (0..9).map(|_| attempts.next_ceiling().as_millis()).collect();
        assert_eq!(got, [0, 100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        (0..100).for_each(|_| assert!(attempts.next_delay() < Duration::from_secs(5)));
    }

    #[test]
    fn only_a_long_connection_begins_anew() {
        let mut attempts = Attempts::new(Backoff::default());
        attempts.next_ceiling();
        attempts.ended(Duration::from_secs(29));
        assert_ne!(attempts.next_ceiling(), Duration::ZERO);
        attempts.ended(Duration::from_secs(30));
        assert_eq!(attempts.next_ceiling(), Duration::ZERO);
    }
}
