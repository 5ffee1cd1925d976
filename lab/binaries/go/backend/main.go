// Backend stands for every application of the lab: it serves a page and metrics, and misbehaves when it is told to.
//
// What it is told is a set of switches (see switches.go): flags say how it starts, and whoever reaches the control
// address changes it while it runs.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	listen := flag.String("listen", ":8080", "addresses that serve page and metrics, comma-separated")
	control := flag.String("control", "", "address that takes changes of the switches; none if empty")
	name := flag.String("name", "backend", "what the page says and the metrics are labelled with")
	metrics := flag.String("metrics-path", usualMetrics, "where the metrics are")
	switches := NewSwitches()
	switches.Flags(flag.CommandLine)
	flag.Parse()
	switches.Begin()

	stop, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer cancel()
	application := &Application{name: *name, switches: switches}
	failed := make(chan error)
	for _, address := range strings.Split(*listen, ",") {
		go serve(address, application.Handler(*metrics), failed)
	}
	if *control != "" {
		go serve(*control, switches.Handler(), failed)
	}
	log.Printf("%s serves %s, control %q", *name, *listen, *control)
	select {
	case err := <-failed:
		log.Fatal(err)
	case <-stop.Done():
		os.Exit(0)
	}
}

func serve(address string, handler http.Handler, failed chan<- error) {
	server := &http.Server{Addr: address, Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		failed <- err
	}
}
