import java.net.HttpURLConnection;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** A program that was never told of tpmock: the host is written in. */
public class App {
  static final URI URL = URI.create("https://api.trustpilot.com/v1/business-units/find?name=trustpilotdemo.com");
  static final String KEY = System.getenv("TRUSTPILOT_API_KEY");

  public static void main(String[] ways) throws Exception {
    var request = HttpRequest.newBuilder(URL).header("apikey", KEY).build();
    int first = HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).statusCode();
    var connection = (HttpURLConnection) URL.toURL().openConnection();
    connection.setRequestProperty("apikey", KEY);
    System.out.println(first + " " + connection.getResponseCode());
  }
}
