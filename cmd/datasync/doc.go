// Command datasync moves rows from a source to a destination as a job file says.
//
//	datasync -job jobs/sqlite2jsonl.json -p "db=shop.db,out=orders.jsonl"
//	datasync check jobs/mysql2kafka.json
//	datasync preview -n 5 jobs/mysql2kafka.json
//	datasync state list
//
// It is typed as FlinkX and ChunJun are: flags have a single dash, and theirs
// are all accepted. Flags may stand before and after the job file.
//
// What goes where: rows that a job prints, and the report, to stdout; logs,
// progress and errors to stderr. An error is one line, "datasync: what: why;
// remedy". Every text passes through the mask of secrets on its way out.
//
// The first SIGINT or SIGTERM drains the job and saves its position, the second
// ends at once. The exit code says how a job ended; see exitCodes.
//
// Everything that a job is made of lives in package launcher; this package knows
// flags, files, terminals and signals. It is the only one that calls os.Exit.
package main
