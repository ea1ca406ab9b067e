// Verifies leaves with Go's crypto/x509 and prints what one cost: {"warm": µs, "cold": µs}.
// Usage: verify ROOT INTERMEDIATE HOST LEAF… (files of DER)
package main

import (
	"crypto/x509"
	"encoding/json"
	"os"
	"sort"
	"syscall"
)

const rounds = 21

func main() {
	root, intermediate, host := read(os.Args[1]), read(os.Args[2]), os.Args[3]
	leaves := [][]byte{}
	for _, path := range os.Args[4:] {
		leaves = append(leaves, read(path))
	}
	roots, intermediates := pool(root), pool(intermediate)
	warm := measure(leaves, func(leaf []byte) { verify(leaf, host, roots, intermediates) })
	cold := measure(leaves, func(leaf []byte) { verify(leaf, host, pool(root), pool(intermediate)) })
	if err := json.NewEncoder(os.Stdout).Encode(map[string]float64{"warm": warm, "cold": cold}); err != nil {
		panic(err)
	}
}

func verify(der []byte, host string, roots, intermediates *x509.CertPool) {
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{DNSName: host, Roots: roots, Intermediates: intermediates}); err != nil {
		panic(err)
	}
}

// The median of the rounds, in µs of CPU time for each leaf.
func measure(leaves [][]byte, check func([]byte)) float64 {
	spent := []float64{}
	for round := 0; round < rounds; round++ {
		start := cpuMicroseconds()
		for _, leaf := range leaves {
			check(leaf)
		}
		spent = append(spent, (cpuMicroseconds()-start)/float64(len(leaves)))
	}
	sort.Float64s(spent)
	return spent[rounds/2]
}

func cpuMicroseconds() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return float64(usage.Utime.Sec+usage.Stime.Sec)*1e6 + float64(usage.Utime.Usec+usage.Stime.Usec)
}

func pool(der []byte) *x509.CertPool {
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	certificates := x509.NewCertPool()
	certificates.AddCert(certificate)
	return certificates
}

func read(path string) []byte {
	bytes, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	return bytes
}
