// Learn more about functions of destinations in the handbook.

/**
 * Handles a track event.
 */
async function onTrack(event, settings) {
  if (!isWanted(event)) {
    return null;
  }
  event.properties = Object.assign({}, event.properties, { source: settings.source });
  delete event.context.ip;
  return event;
}

/**
 * Handles an identify event.
 */
async function onIdentify(event, settings) {
  throw new Error('identify is not supported');
}

function isWanted(event) {
  return /^Order /.test(event.event);
}
