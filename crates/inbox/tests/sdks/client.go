// Sends one of everything that this version of Sentry's Go SDK can send, and prints what that was.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/getsentry/sentry-go"
)

func main() {
	options := sentry.ClientOptions{Dsn: os.Args[1], Release: "shop@1", Environment: "matrix", TracesSampleRate: 1}
	if err := sentry.Init(options); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	sentry.WithScope(func(scope *sentry.Scope) {
		scope.SetTag("service", "shop")
		sentry.CaptureException(errors.New("order 17 failed"))
	})
	sentry.CaptureMessage("it grew")
	span := sentry.StartSpan(context.Background(), "task", sentry.TransactionName("settle"))
	child := span.StartChild("db")
	child.Finish()
	span.Finish()
	if !sentry.Flush(20 * time.Second) {
		fmt.Fprintln(os.Stderr, "not everything was sent in time")
		os.Exit(1)
	}
	fmt.Println(`["error", "message", "transaction"]`)
}
