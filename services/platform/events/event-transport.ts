// What carries public events from the service that causes them to whoever wants to know: the two ports
// that a transport implements. Redis Streams is the first, memory (for tests) the second.
//
// Invariant: an event is named by its aggregate and version. It may arrive more than once; the first
// copy of a version comes after the first copy of the version before it, if they are published so.

export interface PublicEvent {
  readonly aggregateId: string;
  /** Counts the changes of the aggregate. */
  readonly version: number;
  readonly kind: string;
  /** What happened, in words that the contract defines. */
  readonly body: string;
  /** W3C Trace Context of what published it, when that is recorded. */
  readonly traceparent?: string | undefined;
}

/** UNKNOWN may have been published or not: publish it again. What is refused never will be. */
export type PublishOutcome = 'PUBLISHED' | 'UNKNOWN' | { readonly refused: string };

export interface EventTransport {
  /**
   * One outcome per event, in the same order; never throws. Events of one call are independent of each
   * other: of one aggregate, a call brings one event, and the next only when that is PUBLISHED.
   */
  publish(events: readonly PublicEvent[]): Promise<PublishOutcome[]>;
}

/** An event in the hands of one consumer of a group. Nobody else has it unless it is reclaimed. */
export interface ReceivedEvent {
  readonly partition: number;
  /** Names this copy within its partition. */
  readonly entryId: string;
  /** How often a consumer was handed this copy, the present time included. */
  readonly deliveries: number;
  /** Undefined when what was carried cannot be read. */
  readonly event: PublicEvent | undefined;
}

/** What a group of consumers has not finished yet, as one of them sees it. */
export interface EventInbox {
  /** Copies that the group has not seen, up to so many per partition. Empty when there are none. */
  take(perPartitionMax: number): Promise<ReceivedEvent[]>;
  /** Copies that somebody, perhaps this consumer, took so long ago without finishing them. */
  reclaim(idleMs: number, perPartitionMax: number): Promise<ReceivedEvent[]>;
  /** Repeatable. What is not acknowledged is reclaimed. */
  acknowledge(received: readonly ReceivedEvent[]): Promise<void>;
  /** Sets a copy aside for a person, with the reason. It still has to be acknowledged. */
  bury(received: ReceivedEvent, reason: string): Promise<void>;
}
