//! The objects of guests that the host holds, as it asks for them: a contract is bound to an object, and crossings end.
//!
//! The isolate has the objects. The bindings are among those of scripts, and end with their objects.

use std::rc::Rc;
use std::sync::Arc;

use super::{Asked, BoundContract, Gone, GuestAnswer, GuestServer};
use crate::contract::ContractSpec;
use crate::error::{DiscardCause, Error};
use crate::isolate::link_objects::ObjectBinding;
use crate::isolate::method_info::UntypedMethods;
use crate::time::Deadline;

impl GuestServer {
    /// Binds a contract to an object. `known` identifies the contract. A contract that was bound to the object before keeps its binding.
    pub(super) fn bind_object(
        &self,
        object: u64,
        (spec, known): (&Arc<ContractSpec>, String),
        deadline: Deadline,
    ) -> Result<GuestAnswer, Error> {
        let isolate = self.isolate()?;
        // The host holds a crossing of the object, so the heap of the object is gone.
        let object = isolate.link_object(object).ok_or_else(|| Error::discarded(DiscardCause::Closed))?;
        // Each crossing of an iterable is a stream of its own.
        let known_binding = object.binding(&known).filter(|_| !spec.form.is_stream());
        if let Some(ObjectBinding { binding, exported, .. }) = known_binding {
            return Ok(GuestAnswer::Done { handle: binding, exported });
        }
        let binding = isolate.bind_object(&object, spec, deadline)?;
        let exported = binding.exported();
        let methods = Arc::new(UntypedMethods::of_guest(spec.clone()));
        let binding = self.bindings.keep(BoundContract { binding: Rc::new(binding), methods });
        let (name, exported) = (spec.name.to_string(), exported);
        object.binds(ObjectBinding { contract: known, name, binding, exported: exported.clone() });
        Ok(GuestAnswer::Done { handle: binding, exported })
    }

    /// The host holds crossings no longer.
    pub(super) fn drop_objects(&self, body: &[u8]) -> Asked<()> {
        let (crossings @ [_, ..], []) = body.as_chunks::<8>() else { return Err(Gone) };
        let crossings = crossings.iter().map(|crossing| u64::from_le_bytes(*crossing));
        let isolate = self.isolate().map_err(|_| Gone)?;
        for binding in isolate.release_crossings(crossings) {
            let bound = self.bindings.get(binding).ok();
            if let Some(stream) = bound.filter(|bound| bound.methods.spec.form.is_stream()) {
                isolate.is_left(stream.binding.clone());
            }
            self.bindings.drop(binding);
        }
        Ok(())
    }
}
