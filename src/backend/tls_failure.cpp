#include "backend/tls_failure.hpp"

#include <openssl/sslerr.h>
#include <openssl/x509_vfy.h>

namespace exitgate {
namespace {

std::string describe_server_certificate(const std::string& where, long verify_result) {
  switch (verify_result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "the certificate of " + where +
             " has expired; renew it on the backend, or correct the gate's clock if that is wrong";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "the certificate of " + where +
             " is not valid yet; correct the gate's clock, or wait for the certificate's first day";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "the certificate of " + where +
             " is for another host; correct [backend] url, or have the backend's certificate name this host";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return "the certificate of " + where + " was not issued by an authority in [backend] ca_file (" +
             X509_verify_cert_error_string(verify_result) + "); put the backend's authority there";
    default:
      return "the certificate of " + where + " does not verify (" + X509_verify_cert_error_string(verify_result) +
             "); have the backend present one that an authority in [backend] ca_file has issued";
  }
}

bool is_client_certificate_alert(int reason) {
  switch (reason) {
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
    case SSL_R_TLSV1_ALERT_DECRYPT_ERROR:
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::string describe_tls_failure(const std::string& where, int reason, long verify_result, const std::string& text) {
  if (verify_result != X509_V_OK) return describe_server_certificate(where, verify_result);
  if (is_client_certificate_alert(reason)) {
    return where + " refuses this gate's certificate (" + text +
           "); renew [backend] certificate_file, or have the backend trust its issuer";
  }
  switch (reason) {
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_UNSUPPORTED_PROTOCOL:
      return where + " does not speak TLS 1.3 (" + text + "); enable TLS 1.3 there";
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
      return where + " does not speak TLS (" + text + "); check host and port in [backend] url";
    default:
      return "TLS with " + where + " failed: " + text +
             "; check [backend] certificates and what answers at that address";
  }
}

}  // namespace exitgate
