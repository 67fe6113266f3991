//! Realms beside the one that a sandbox begins with.
//!
//! Each realm has a global and intrinsics of its own. All share the heap, the hosts and the limits of their isolate. The
//! sites make them for `Realms`.

use std::rc::Rc;

use deno_core::v8;

use crate::error::Error;
use crate::isolate::state::Isolate;
use crate::isolate::state::realm::Realm;
use crate::observe::CallKind;
use crate::time::Deadline;

impl Isolate {
    /// Makes one more realm. Making one counts as a call, because it takes time and a part of the heap.
    pub(crate) fn make_realm(&self, deadline: Deadline) -> Result<Rc<Realm>, Error> {
        let main = self.main_realm()?;
        let host_realm = self.entrance()?.runtime.host_realm();
        let number = self.realms.get() + 1;
        self.realms.set(number);
        let realm = self.run_until(&main, deadline, CallKind::Realm, |scope| {
            if self.is_ended() {
                return Err(self.ended(None).into());
            }
            v8::tc_scope!(let scope, scope);
            match Realm::new(scope, self, host_realm.as_ref(), number) {
                Ok(realm) => Ok(self.made(realm)),
                // No code of a guest ran, so the exception is for want of stack.
                Err(_) if scope.has_caught() => Err(self.thrown(scope, None).into()),
                Err(_) if self.is_ended() => Err(self.ended(None).into()),
                Err(reason) => Err(Error::build(reason).into()),
            }
        })?;
        Ok(realm)
    }

    /// Keeps a realm among those whose microtasks may run.
    fn made(&self, realm: Realm) -> Rc<Realm> {
        let realm = Rc::new(realm);
        let mut made = self.made.borrow_mut();
        made.retain(|realm| realm.strong_count() > 0);
        made.push(Rc::downgrade(&realm));
        realm
    }
}
