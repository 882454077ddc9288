// Package torture follows a database that is being written to through whatever
// can go wrong, and compares both ends row by row. It has tests only.
//
// A scenario is a source and its targets, each fed by a job of its own, a child
// process. Four writers run random transactions on five tables of the source: a
// wide one, one with a text as its key, one with a composite key, one without a
// key and one of large values. Meanwhile jobs are killed with SIGKILL, servers
// are killed and restarted, the network is cut and stalled, and the log is
// rotated. Some scenarios begin with tables that are full, which are copied
// while all of this goes on, and some write on several channels, or to a broker
// that is killed as well. A job that gives up, as it may where a server is down
// for long when it starts, is started again. At a round's end the writers stop,
// each job is seen to have passed the last transaction, and is told to stop. Then
// every target holds what the source holds, and nothing else.
//
// All choices come from one seed, which a failure tells with the history of
// what was done; what meets what in time differs from run to run. Under make
// test there is a short round of most scenarios; make torture goes on for as long
// as it is asked to:
//
//	make torture                      ten minutes
//	make torture FOR=8h SEED=17 SCENARIO='^MySQL$'
//
// A topic is replayed in order by partition: what its committed messages come to
// is compared.
package torture
