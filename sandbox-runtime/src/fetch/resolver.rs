//! [`DnsResolver`]: the addresses of a name.

use std::future::Future;
use std::io;
use std::net::{IpAddr, ToSocketAddrs as _};
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::Semaphore;

/// The answer of a [`DnsResolver`].
pub type Resolving<'a> = Pin<Box<dyn Future<Output = io::Result<Vec<IpAddr>>> + Send + 'a>>;

/// Finds the addresses of a name. The default asks the operating system.
///
/// A name is asked once for each hop of a request, and the connection is made to one of the addresses that were checked. So an
/// answer that changes later changes nothing. A literal address in a URL is not asked.
pub trait DnsResolver: Send + Sync {
    /// The addresses of a name, which is in lower case and in the ASCII form of IDNA.
    ///
    /// # Errors
    ///
    /// The name has no address. The guest sees that the host cannot be reached, and the log has the error.
    fn resolve<'a>(&'a self, name: &'a str) -> Resolving<'a>;
}

/// How many names one [`Fetch`](super::Fetch) asks the operating system for at once.
const LOOKUPS: usize = 32;

/// Asks for the addresses of a name, and blocks.
type LookUp = fn(&str) -> io::Result<Vec<IpAddr>>;

/// The resolver of the operating system.
///
/// The system's function blocks a thread of the runtime's blocking pool, and cannot be ended. A request that ends leaves its thread
/// there until the function returns. So the turn is the thread's and not the request's: guests cannot fill the pool with names
/// whose servers do not answer.
pub(super) struct System {
    turns: Arc<Semaphore>,
    look_up: LookUp,
}

impl System {
    pub(super) fn new() -> Self {
        Self::with(|name| Ok((name, 0).to_socket_addrs()?.map(|address| address.ip()).collect()))
    }

    fn with(look_up: LookUp) -> Self {
        Self { turns: Arc::new(Semaphore::new(LOOKUPS)), look_up }
    }
}

impl DnsResolver for System {
    fn resolve<'a>(&'a self, name: &'a str) -> Resolving<'a> {
        Box::pin(async move {
            let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(io::Error::other)?;
            let (name, look_up) = (name.to_owned(), self.look_up);
            let asking = tokio::task::spawn_blocking(move || {
                let found = look_up(&name);
                drop(turn);
                found
            });
            asking.await.map_err(io::Error::other)?
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Condvar, Mutex};

    use tokio::runtime::Builder;
    use tokio::task::JoinSet;

    use super::*;

    /// Lookups that have begun, and whether they may end.
    static STATE: Mutex<(usize, bool)> = Mutex::new((0, false));
    static CHANGED: Condvar = Condvar::new();

    fn blocking(_: &str) -> io::Result<Vec<IpAddr>> {
        let mut state = STATE.lock().expect("it is there");
        state.0 += 1;
        CHANGED.notify_all();
        drop(CHANGED.wait_while(state, |(_, may_end)| !*may_end).expect("it is there"));
        Ok(vec![[127, 0, 0, 1].into()])
    }

    #[test]
    fn names_that_do_not_answer_leave_threads_for_others() {
        // One thread more than the lookups may have.
        let runtime =
            Builder::new_multi_thread().max_blocking_threads(LOOKUPS + 1).build().expect("it is there");
        let system = Arc::new(System::with(blocking));
        runtime.block_on(async {
            let mut asking = JoinSet::new();
            for _ in 0..4 * LOOKUPS {
                let system = Arc::clone(&system);
                asking.spawn(async move { system.resolve("slow.test").await });
            }
            // This thread is not one of the pool's.
            drop(
                CHANGED
                    .wait_while(STATE.lock().expect("it is there"), |(begun, _)| *begun < LOOKUPS)
                    .expect("it is there"),
            );
            assert_eq!(tokio::task::spawn_blocking(|| 7).await.expect("it is there"), 7);
            // The requests end, and their threads do not.
            asking.shutdown().await;
            assert_eq!(tokio::task::spawn_blocking(|| 8).await.expect("it is there"), 8);
            assert_eq!(STATE.lock().expect("it is there").0, LOOKUPS);
            assert_eq!(system.turns.available_permits(), 0);
            STATE.lock().expect("it is there").1 = true;
            CHANGED.notify_all();
            assert_eq!(
                system.resolve("next.test").await.expect("it is there"),
                [IpAddr::from([127, 0, 0, 1])]
            );
        });
    }
}
