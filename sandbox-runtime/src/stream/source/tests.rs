//! The source of a stream, without a guest.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Wake;

use super::*;

#[derive(Default)]
struct WokenFlag(AtomicBool);

impl Wake for WokenFlag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

type Own = Arc<OnceLock<Mutex<Option<Arc<StreamSource<u32, Sequential>>>>>>;

fn source(items: impl Iterator<Item = Result<u32>> + Send + 'static) -> Arc<StreamSource<u32, Sequential>> {
    Arc::new(StreamSource::new(Box::pin(futures_util::stream::iter(items))))
}

fn next<F>(source: &StreamSource<u32, F>) -> Option<Result<u32>> {
    match source.poll_one(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(next) => next,
        Poll::Pending => panic!("it waits"),
    }
}

#[test]
fn code_that_makes_a_value_cannot_take_one() {
    let own = Own::default();
    let inside = own.clone();
    let items = source((0..3).map(move |n| {
        let own =
            inside.get().expect("it is there").lock().expect("it is there").clone().expect("it is there");
        let error = next(&own).expect("it is there").expect_err("it fails");
        assert!(error.to_string().contains("the stream is being read"), "{error}");
        Ok(n)
    }));
    own.set(Mutex::new(Some(items.clone()))).unwrap_or_else(|_| panic!("it was set"));
    assert_eq!(
        (
            next(&items).expect("it is there").expect("it is there"),
            next(&items).expect("it is there").expect("it is there")
        ),
        (0, 1)
    );
    own.get().expect("it is there").lock().expect("it is there").take();
}

#[test]
fn a_stream_that_is_closed_while_it_is_polled_is_dropped_behind_that() {
    let counted = Arc::new(());
    let own = Own::default();
    let (inside, kept) = (own.clone(), counted.clone());
    let items = source((0..3).map(move |n| {
        let _ = &kept;
        // The last that holds the source, as when a guest disposes it in a call of the host.
        drop(inside.get().expect("it is there").lock().expect("it is there").take());
        Ok(n)
    }));
    let shared = items.0.clone();
    own.set(Mutex::new(Some(items))).unwrap_or_else(|_| panic!("it was set"));
    let poll = || match shared.poll(&mut Context::from_waker(Waker::noop()), BatchBounds::ONE) {
        Poll::Ready(batch) => batch.expect("it is there").into_first(),
        Poll::Pending => panic!("it waits"),
    };
    assert_eq!(poll(), Some(0));
    assert_eq!(Arc::strong_count(&counted), 1);
    assert_eq!(poll(), None);
}

#[test]
fn a_stream_that_is_closed_wakes_the_call_that_waits() {
    let waits = Arc::new(StreamSource::<u32, Asynchronous>::new(Box::pin(futures_util::stream::pending())));
    let shared = waits.0.clone();
    let woken = Arc::new(WokenFlag::default());
    let waker = Waker::from(woken.clone());
    let mut cx = Context::from_waker(&waker);
    assert!(shared.poll(&mut cx, BatchBounds::ONE).is_pending());
    drop(waits);
    assert!(woken.0.load(Ordering::SeqCst));
    assert!(matches!(shared.poll(&mut cx, BatchBounds::ONE), Poll::Ready(Ok(_))));
}

#[test]
fn a_panic_ends_the_stream_behind_the_values_before_it() {
    let items = source((0..3).map(|n| if n < 1 { Ok(n) } else { panic!("out of luck") }));
    assert_eq!(next(&items).expect("it is there").expect("it is there"), 0);
    let error = next(&items).expect("it is there").expect_err("it fails");
    assert!(std::error::Error::source(&error).is_some_and(|source| source.is::<HostPanic>()));
    assert!(next(&items).is_none());
}
